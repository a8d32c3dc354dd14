package zone

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// discarding is a Packer that reads and keeps nothing.
type discarding struct{}

func (discarding) Folder([]string, time.Time) error { return nil }

func (discarding) File(_ []string, content io.Reader, _ int64, _ time.Time) error {
	io.Copy(io.Discard, content)
	return nil
}

// TestPackUnreadable: a file that cannot be read to its end is not told as one that somebody changes. The kernel refuses
// to say how fast the loopback device is, in a file of 4,096 bytes.
func TestPackUnreadable(t *testing.T) {
	const dir, name = "/sys/devices/virtual/net/lo", "speed"
	if _, err := os.ReadFile(dir + "/" + name); !errors.Is(err, unix.EINVAL) {
		t.Skip("no file here that the kernel refuses to read: ", err)
	}
	var told error
	p := Packing{Folder: objectAt(t, dir), To: discarding{}, Refused: func(_ []string, err error) { told = err },
		Begin: func([]string, uint32) (func(int64, error), error) { return func(int64, error) {}, nil }}
	must(t, p.Entry(name))
	if !errors.Is(told, unix.EINVAL) {
		t.Error(told)
	}
}
