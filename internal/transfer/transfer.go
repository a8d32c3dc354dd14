// Package transfer moves bytes between a file and the web server inside the kernel: sendfile(2) out, splice(2) in, so
// that a transfer costs the same few KiB of memory whatever its size.
package transfer

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// chunk is what one system call moves at most; also the size asked for the pipe between socket and file. An
	// unprivileged process may have 1 MiB (/proc/sys/fs/pipe-max-size).
	chunk = 1 << 20
	// writeBehind is how much is written before the kernel is asked to begin bringing it to disk, so that the fsync at
	// the end finds little left to do.
	writeBehind = 16 << 20
)

// Send copies n bytes of in, from its offset on, to out. It returns how many bytes were sent; fewer than n with a nil
// error when the file has become shorter.
func Send(out, in *os.File, n int64) (int64, error) {
	ready := unix.PollFd{Fd: int32(out.Fd()), Events: unix.POLLOUT}
	sent, err := move(n, ready, func(want int) (int, error) {
		return unix.Sendfile(int(out.Fd()), int(in.Fd()), nil, want)
	})
	if sent == 0 && cannotMove(err) {
		return copyThrough(out, in, n)
	}
	return sent, err
}

// Receive copies n bytes of in to file, or all until the end if n is negative. It returns how many bytes came; fewer
// than n with a nil error when in ended early, which for a CGI means that the client went away.
func Receive(file, in *os.File, n int64) (int64, error) {
	received := int64(0)
	ready := unix.PollFd{Fd: int32(in.Fd()), Events: unix.POLLIN}
	var st unix.Stat_t
	if err := unix.Fstat(int(in.Fd()), &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFIFO { // mod_cgi; mod_cgid gives a socket
		return move(n, ready, func(want int) (int, error) { return spliceTo(file, in, want, &received) })
	}
	pipeOut, pipeIn, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer pipeOut.Close()
	defer pipeIn.Close()
	unix.FcntlInt(pipeIn.Fd(), unix.F_SETPIPE_SZ, chunk) // refused above the user's soft limit: smaller steps then
	moved, err := move(n, ready, func(want int) (int, error) {
		got, err := unix.Splice(int(in.Fd()), nil, int(pipeIn.Fd()), nil, want, unix.SPLICE_F_MOVE|unix.SPLICE_F_MORE)
		for left := int(got); err == nil && left > 0; {
			var put int
			if put, err = spliceTo(file, pipeOut, left, &received); put == 0 && err == nil {
				err = io.ErrShortWrite
			}
			left -= put
		}
		return int(got), err
	})
	if moved == 0 && cannotMove(err) {
		return copyThrough(file, in, n)
	}
	return moved, err
}

// spliceTo moves up to want bytes from the pipe source to the file, and starts writing back what has gathered. What the
// kernel cannot splice to the file is copied: the bytes have left the socket already.
func spliceTo(file, source *os.File, want int, received *int64) (int, error) {
	for {
		n, err := unix.Splice(int(source.Fd()), nil, int(file.Fd()), nil, want, unix.SPLICE_F_MOVE)
		if err == unix.EINTR {
			continue
		}
		if cannotMove(err) {
			n, err = copyThrough(file, source, int64(want))
		}
		before := *received / writeBehind
		*received += max(0, n)
		if after := *received / writeBehind; after > before {
			unix.SyncFileRange(int(file.Fd()), before*writeBehind, (after-before)*writeBehind, unix.SYNC_FILE_RANGE_WRITE)
		}
		return int(max(0, n)), err
	}
}

// move calls step until n bytes have moved (all that comes if n is negative), step says 0, or an error stands. ready is
// the end that can have step wait; the other one is a file, which poll(2) calls ready at any time.
func move(n int64, ready unix.PollFd, step func(want int) (int, error)) (int64, error) {
	var moved int64
	for n < 0 || moved < n {
		want := int64(chunk)
		if n >= 0 {
			want = min(want, n-moved)
		}
		got, err := step(int(want))
		moved += int64(max(0, got))
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN: // as a rule both descriptors wait by themselves
			if _, err := unix.Poll([]unix.PollFd{ready}, 1000); err != nil && err != unix.EINTR {
				return moved, err
			}
		case err != nil:
			return moved, err
		case got <= 0:
			return moved, nil
		}
	}
	return moved, nil
}

// cannotMove says that the kernel has no way of its own between two descriptors: their bytes must be copied.
func cannotMove(err error) bool { return err == unix.EINVAL || err == unix.ENOSYS }

func copyThrough(out, in *os.File, n int64) (int64, error) {
	if n < 0 {
		return io.Copy(plainWriter{out}, plainReader{in})
	}
	moved, err := io.CopyN(plainWriter{out}, plainReader{in}, n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return moved, err
}

// plainWriter and plainReader hide the methods by which io.Copy would try the same system calls again.
type plainWriter struct{ io.Writer }
type plainReader struct{ io.Reader }
