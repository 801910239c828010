# BYE instead of a greeting: too many connections, try later
[server]
greeting * BYE [UNAVAILABLE] too many connections
[client]
open
fails LINK LATER too many connections
