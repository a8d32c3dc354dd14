// Sendfile is what a download is measured against: a CGI program that calls sendfile(2) and nothing else. It looks at
// no request and sends one file.
package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// name is that of bench/files.go.
const name = "/var/lib/shzbench/disk/files/large"

func main() {
	if err := send(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func send() error {
	file, err := unix.Open(name, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(file, &st); err != nil {
		return err
	}
	fmt.Printf("Content-Type: application/octet-stream\nContent-Length: %d\n\n", st.Size)
	for left := st.Size; left > 0; {
		n, err := unix.Sendfile(1, file, nil, int(min(left, 1<<30)))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrUnexpectedEOF
		}
		left -= int64(n)
	}
	return nil
}
