/* For the fuzzers of directory files, which are read by name. */
#ifndef MAILMIG_TESTS_FUZZ_DIRFILE_FUZZ_H
#define MAILMIG_TESTS_FUZZ_DIRFILE_FUZZ_H

#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The bytes as a file in memory; its name is valid until the next call. */
static inline const char *
dirfile_put(const void *data, gsize len)
{
	static char name[64];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	g_assert(fd >= 0 && ftruncate(fd, 0) == 0);
	g_assert(pwrite(fd, data, len, 0) == (gssize)len);
	g_snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	return name;
}

#endif
