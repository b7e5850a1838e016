/*
 * Stands between SQLite and the C library (LD_PRELOAD). While preload.cjs allows it, counts the calls on SQLite's files,
 * and makes one of them fail. Only the thread that runs JavaScript calls SQLite.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum file { DATABASE, WAL, SHM, JOURNAL, OTHER };
enum call { OPEN, PREAD, PWRITE, FSYNC, FTRUNCATE, MMAP, UNLINK, LOCK, CALLS };

/* preload.cjs writes and reads it as 32-bit words. */
struct control {
  int active;
  int file;
  int call;
  /* 0 for none, -1 for half of the bytes. */
  int error;
  int fired;
  int unused[3];
  int counts[OTHER][CALLS];
};

static volatile struct control *control;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("TELLTALE_TEST_FAULT_CONTROL");
  int fd = path == NULL ? -1 : open(path, O_RDWR);
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (shared != MAP_FAILED) control = shared;
}

static enum file file_of(const char *path) {
  size_t length = strlen(path);
  const char *end = path + length;
  if (strstr(path, ".db") == NULL && strstr(path, ".lock") == NULL) return OTHER;
  if (length > 4 && strcmp(end - 4, "-wal") == 0) return WAL;
  if (length > 4 && strcmp(end - 4, "-shm") == 0) return SHM;
  if (length > 8 && strcmp(end - 8, "-journal") == 0) return JOURNAL;
  return DATABASE;
}

static enum file file_of_descriptor(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return OTHER;
  path[length] = 0;
  return file_of(path);
}

/* The error for this call: 0 for none. */
static int meets(enum file file, enum call call) {
  if (file == OTHER) return 0;
  control->counts[file][call]++;
  if (control->error == 0 || control->fired || control->file != (int)file || control->call != (int)call) return 0;
  control->fired = 1;
  return control->error;
}

static int on_path(const char *path, enum call call) {
  return control == NULL || !control->active ? 0 : meets(file_of(path), call);
}

static int on_descriptor(int fd, enum call call) {
  return control == NULL || !control->active || fd < 0 ? 0 : meets(file_of_descriptor(fd), call);
}

/* The function of the C library. */
#define REAL(name) \
  static __typeof__(name) *real; \
  if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define FAIL(error, result) \
  do { \
    errno = (error); \
    return (result); \
  } while (0)

typedef int (*opener)(const char *, int, ...);
static int open_with(opener real, const char *path, int flags, mode_t mode) {
  int error = on_path(path, OPEN);
  if (error > 0) FAIL(error, -1);
  return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = va_arg(more, mode_t);
  va_end(more);
  REAL(open);
  return open_with(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = va_arg(more, mode_t);
  va_end(more);
  REAL(open64);
  return open_with(real, path, flags, mode);
}

ssize_t pread64(int fd, void *buffer, size_t count, off64_t offset) {
  REAL(pread64);
  int error = on_descriptor(fd, PREAD);
  if (error > 0) FAIL(error, -1);
  return real(fd, buffer, error < 0 ? count / 2 : count, offset);
}

ssize_t pwrite64(int fd, const void *buffer, size_t count, off64_t offset) {
  REAL(pwrite64);
  int error = on_descriptor(fd, PWRITE);
  if (error > 0) FAIL(error, -1);
  return real(fd, buffer, error < 0 && count > 1 ? count / 2 : count, offset);
}

int fsync(int fd) {
  REAL(fsync);
  int error = on_descriptor(fd, FSYNC);
  if (error > 0) FAIL(error, -1);
  return real(fd);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  int error = on_descriptor(fd, FSYNC);
  if (error > 0) FAIL(error, -1);
  return real(fd);
}

int ftruncate64(int fd, off64_t length) {
  REAL(ftruncate64);
  int error = on_descriptor(fd, FTRUNCATE);
  if (error > 0) FAIL(error, -1);
  return real(fd, length);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
  REAL(mmap64);
  int error = on_descriptor(fd, MMAP);
  if (error > 0) FAIL(error, MAP_FAILED);
  return real(address, length, protection, flags, fd, offset);
}

int unlink(const char *path) {
  REAL(unlink);
  int error = on_path(path, UNLINK);
  if (error > 0) FAIL(error, -1);
  return real(path);
}

int fcntl(int fd, int command, ...) {
  va_list more;
  va_start(more, command);
  void *argument = va_arg(more, void *);
  va_end(more);
  REAL(fcntl);
  /* To give a lock back never fails on a disk of this machine. */
  if (command == F_SETLK && ((struct flock *)argument)->l_type != F_UNLCK) {
    int error = on_descriptor(fd, LOCK);
    if (error > 0) FAIL(error, -1);
  }
  return real(fd, command, argument);
}
