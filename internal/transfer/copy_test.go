package transfer

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestCopy(t *testing.T) {
	for _, size := range sizes {
		content := randomBytes(size)
		in, out := newFile(t, content), newFile(t, nil)
		n, err := Copy(out, in, int64(size))
		got, readErr := os.ReadFile(out.Name())
		if n != int64(size) || err != nil || readErr != nil || !bytes.Equal(got, content) {
			t.Errorf("%d: %d %v, same: %v", size, n, err, bytes.Equal(got, content))
		}
	}
}

// TestCopyHoles: a terabyte that takes no room still takes none.
func TestCopyHoles(t *testing.T) {
	const size = 1 << 40
	in, out := newFile(t, nil), newFile(t, nil)
	if err := in.Truncate(size); err != nil {
		t.Skip("no such large files here:", err)
	}
	for _, at := range []int64{mib, 1 << 35} {
		if _, err := in.WriteAt([]byte("data"), at); err != nil {
			t.Fatal(err)
		}
	}
	n, err := Copy(out, in, size)
	if err != nil || n > mib {
		t.Fatal(n, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(out.Fd()), &st); err != nil || st.Size != size || st.Blocks*512 > mib {
		t.Errorf("%d bytes, %d blocks, %v", st.Size, st.Blocks, err)
	}
	for _, at := range []int64{mib, 1 << 35} {
		b := make([]byte, 6)
		if _, err := out.ReadAt(b, at-1); err != nil || string(b) != "\x00data\x00" {
			t.Errorf("%q %v", b, err)
		}
	}
}

// TestCopyShort: the source has become shorter, or longer, than it was said to be.
func TestCopyShort(t *testing.T) {
	in := newFile(t, randomBytes(mib))
	out := newFile(t, nil)
	if n, err := Copy(out, in, 1000); n != 1000 || err != nil {
		t.Error(n, err)
	}
	if got, err := os.ReadFile(out.Name()); err != nil || !bytes.Equal(got, randomBytes(mib)[:1000]) {
		t.Error(len(got), err)
	}
	if _, err := copyExtent(newFile(t, nil), in, 0, mib+1); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// TestCopyThrough: where the kernel has no way between two files, their bytes pass through the process.
func TestCopyThrough(t *testing.T) {
	content := randomBytes(3*mib + 17)
	in, out := newFile(t, content), newFile(t, nil)
	if n, err := copyBytes(out, in, 100, int64(len(content))-100); n != int64(len(content))-100 || err != nil {
		t.Error(n, err)
	}
	if got, err := os.ReadFile(out.Name()); err != nil || !bytes.Equal(got[100:], content[100:]) {
		t.Error(len(got), err)
	}
	if _, err := copyBytes(out, in, 0, int64(len(content))+1); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	// From another file system, and from one that is no disk at all.
	other, err := os.CreateTemp("/dev/shm", "copy")
	if err != nil {
		t.Skip(err)
	}
	defer other.Close()
	defer os.Remove(other.Name())
	if n, err := Copy(other, in, int64(len(content))); n != int64(len(content)) || err != nil {
		t.Error(n, err)
	}
	if got, err := os.ReadFile(other.Name()); err != nil || !bytes.Equal(got, content) {
		t.Error(len(got), err)
	}
}

// TestCopyFull: an error of the target is passed on as it is.
func TestCopyFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	if _, err := Copy(full, newFile(t, randomBytes(mib)), mib); !errors.Is(err, unix.ENOSPC) {
		t.Error(err)
	}
}
