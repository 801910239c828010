# The front door. Meson builds; this only calls it.
BUILD = build
PREFIX = /usr/local

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { \
		echo "meson is missing; tests/packages --for build installs" \
		    "what a build needs (Debian 12)"; exit 1; }
	meson setup --prefix=$(PREFIX) $(BUILD)

check:
	@tests/check

demo:
	@demo/run

bench: all
	MAILMIG=$(CURDIR)/$(BUILD)/src/cli/mailmig bench/run

soak: all
	ninja -C $(BUILD) tests/e2e/imap_session
	SOAK=1 IMAP_SESSION=$(CURDIR)/$(BUILD)/tests/e2e/imap_session \
		MAILMIG=$(CURDIR)/$(BUILD)/src/cli/mailmig tests/e2e/run

# The third reader of .pst files beside two of Debian's, from the npm registry.
pst-readers: all
	npm install --no-audit --no-fund --prefix $(BUILD)/readers \
		pst-extractor@1.12.0
	MAILMIG_PST_EXTRACTOR=$(CURDIR)/$(BUILD)/readers \
		MAILMIG=$(CURDIR)/$(BUILD)/src/cli/mailmig tests/e2e/run pst.py

fuzz:
	tests/fuzz/run

install: all
	meson install -C $(BUILD)

# A copy is built: packaging leaves files everywhere.
deb:
	@tests/packages --for deb
	rm -rf build-deb
	mkdir -p build-deb/mailmig
	tar -c --exclude='./build*' --exclude=./.git --exclude=./mailmig-demo \
		--exclude=./mailmig-state . | tar -x -C build-deb/mailmig
	cd build-deb/mailmig && dpkg-buildpackage -b -us -uc
	@ls build-deb/*.deb

clean:
	rm -rf build build-check build-check-san build-fuzz build-deb mailmig-demo

.PHONY: all check demo bench soak pst-readers fuzz install deb clean
