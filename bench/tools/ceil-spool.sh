# upper bound of an extraction: every body over one pipelined FETCH per folder,
# to one file
exec "$PB_BIN/ceil" spool -s "$SRC_HOST:$SRC_PORT:$SRC_USER:$SRC_PASS" -f "$STATE/spool"
