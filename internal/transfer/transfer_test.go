package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const mib = 1 << 20

// sizes are those at which a step, the pipe or the write-behind begins or ends.
var sizes = []int{0, 1, 4095, 65537, mib - 1, mib, mib + 1, 3*mib + 17, writeBehind + 4097}

func randomBytes(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size)}).Read(b)
	return b
}

func newFile(t *testing.T, content []byte) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "file"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f
}

// channels are what a web server puts between itself and a CGI program: mod_cgid a socket, mod_cgi pipes.
var channels = map[string]func(t *testing.T) (end, other *os.File){
	"socket": func(t *testing.T) (*os.File, *os.File) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return pair(t, os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"))
	},
	"pipe": func(t *testing.T) (*os.File, *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return pair(t, r, w)
	},
}

func pair(t *testing.T, a, b *os.File) (*os.File, *os.File) {
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestSend(t *testing.T) {
	for name, channel := range channels {
		for _, size := range sizes {
			content := randomBytes(size)
			for _, row := range []struct {
				what       string
				from, n    int
				wantLength int
			}{
				{"all", 0, size, size},
				{"from the middle", size / 3, size - size/3, size - size/3},
				{"a part", size / 3, size / 3, size / 3},
				{"more than there is", 0, size + 5, size},
			} {
				t.Run(fmt.Sprintf("%s of %d, %s", name, size, row.what), func(t *testing.T) {
					in := newFile(t, content)
					if _, err := in.Seek(int64(row.from), io.SeekStart); err != nil {
						t.Fatal(err)
					}
					reader, writer := channel(t)
					came := make(chan []byte)
					go func() {
						b, _ := io.ReadAll(reader)
						came <- b
					}()
					n, err := Send(writer, in, int64(row.n))
					writer.Close()
					if got := <-came; err != nil || n != int64(row.wantLength) || !bytes.Equal(got, content[row.from:row.from+row.wantLength]) {
						t.Errorf("%d, %v: %d bytes came", n, err, len(got))
					}
				})
			}
		}
	}
}

func TestReceive(t *testing.T) {
	for name, channel := range channels {
		for _, size := range sizes {
			content := randomBytes(size)
			for _, row := range []struct {
				what    string
				n, want int
			}{
				{"all that is announced", size, size},
				{"until the end", -1, size},
				{"less than announced", size + 1, size},
				{"far less than announced", size + 1<<40, size},
				{"more than announced", size / 2, size / 2},
			} {
				t.Run(fmt.Sprintf("%s of %d, %s", name, size, row.what), func(t *testing.T) {
					reader, writer := channel(t)
					go func() {
						// In pieces, so that not every system call finds all it asks for.
						for rest := content; len(rest) > 0; {
							piece := min(len(rest), 100_001)
							if _, err := writer.Write(rest[:piece]); err != nil {
								break // the other end took what it wanted
							}
							rest = rest[piece:]
						}
						writer.Close()
					}()
					file := newFile(t, nil)
					n, err := Receive(file, reader, int64(row.n))
					got := contentOf(t, file)
					if err != nil || n != int64(row.want) || !bytes.Equal(got, content[:row.want]) {
						t.Errorf("%d, %v: %d bytes in the file", n, err, len(got))
					}
				})
			}
		}
	}
}

func contentOf(t *testing.T, f *os.File) []byte {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestReceiveLeavesTheRest: what is beyond the announced length stays in the socket; it is another's to read.
func TestReceiveLeavesTheRest(t *testing.T) {
	for name, channel := range channels {
		reader, writer := channel(t)
		if _, err := writer.WriteString("body|rest"); err != nil {
			t.Fatal(err)
		}
		writer.Close()
		file := newFile(t, nil)
		n, err := Receive(file, reader, 5)
		rest, _ := io.ReadAll(reader)
		if n != 5 || err != nil || string(contentOf(t, file)) != "body|" || string(rest) != "rest" {
			t.Errorf("%s: %d %v %q, %q left", name, n, err, contentOf(t, file), rest)
		}
	}
}

// TestReceiveFromFile: standard input may be a regular file, when a program is tried by hand.
func TestReceiveFromFile(t *testing.T) {
	for _, size := range sizes {
		content := randomBytes(size)
		for n, want := range map[int64]int{-1: size, int64(size): size, int64(size) + 9: size} {
			file := newFile(t, nil)
			got, err := Receive(file, newFile(t, content), n)
			if err != nil || got != int64(want) || !bytes.Equal(contentOf(t, file), content) {
				t.Errorf("%d of %d: %d %v", n, size, got, err)
			}
		}
	}
}

// TestWithoutSplice: a file opened for appending can neither be spliced to nor sent to, as on a file system without
// these calls; the bytes arrive all the same, and those already taken out of the socket too.
func TestWithoutSplice(t *testing.T) {
	content := randomBytes(2*mib + 3)
	appending := func() *os.File {
		f, err := os.OpenFile(filepath.Join(t.TempDir(), "file"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	for name, channel := range channels {
		for _, n := range []int{-1, len(content), len(content) + 1, mib + 1} {
			want := len(content)
			if n == mib+1 {
				want = n
			}
			reader, writer := channel(t)
			go func() { writer.Write(content); writer.Close() }()
			file := appending()
			got, err := Receive(file, reader, int64(n))
			if err != nil || got != int64(want) || !bytes.Equal(contentOf(t, file), content[:want]) {
				t.Errorf("%s, %d: %d %v, %d in the file", name, n, got, err, len(contentOf(t, file)))
			}
		}
	}
	file := appending()
	if n, err := Send(file, newFile(t, content), int64(len(content))); err != nil || n != int64(len(content)) || !bytes.Equal(contentOf(t, file), content) {
		t.Errorf("sent %d %v", n, err)
	}
}

// TestShrinkingFile: a file that is cut while it is sent ends early and without an error, for who announced its length.
func TestShrinkingFile(t *testing.T) {
	in := newFile(t, randomBytes(4*mib))
	reader, writer := channels["socket"](t)
	came := make(chan int64)
	go func() {
		io.CopyN(io.Discard, reader, 1000)
		os.Truncate(in.Name(), 5000)
		n, _ := io.Copy(io.Discard, reader)
		came <- n + 1000
	}()
	n, err := Send(writer, in, 4*mib)
	writer.Close()
	if got := <-came; err != nil || n != got || n >= 4*mib {
		t.Errorf("sent %d, came %d, %v", n, got, err)
	}
}

func TestSparseFile(t *testing.T) {
	in := newFile(t, nil)
	if err := in.Truncate(1 << 40); err != nil {
		t.Skip(err) // a file system without such sizes
	}
	if _, err := in.WriteAt([]byte("end"), 1<<40-3); err != nil {
		t.Fatal(err)
	}
	in.Seek(1<<40-mib, io.SeekStart)
	reader, writer := channels["socket"](t)
	came := make(chan []byte)
	go func() { b, _ := io.ReadAll(reader); came <- b }()
	n, err := Send(writer, in, mib)
	writer.Close()
	if got := <-came; err != nil || n != mib || len(got) != mib || !bytes.HasSuffix(got, []byte("\x00end")) {
		t.Errorf("%d %v, %d came", n, err, len(got))
	}
}

// TestClientGone: the other end is closed before or during a transfer.
func TestClientGone(t *testing.T) {
	for name, channel := range channels {
		for _, after := range []int64{0, 100_000} {
			in := newFile(t, randomBytes(4*mib))
			reader, writer := channel(t)
			if after == 0 {
				reader.Close()
			} else {
				go func() { io.CopyN(io.Discard, reader, after); reader.Close() }()
			}
			n, err := Send(writer, in, 4*mib)
			if n >= 4*mib || !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) {
				t.Errorf("%s, gone after %d: %d %v", name, after, n, err)
			}
		}
	}
}

// TestFull: what did not fit is an error, not an early end.
func TestFull(t *testing.T) {
	limitFileSize(t, mib+5)
	for name, channel := range channels {
		reader, writer := channel(t)
		go func() { writer.Write(randomBytes(3 * mib)); writer.Close() }()
		n, err := Receive(newFile(t, nil), reader, 3*mib)
		if !errors.Is(err, unix.EFBIG) || n > 3*mib {
			t.Errorf("%s: %d %v", name, n, err)
		}
		reader.Close()
	}
}

// limitFileSize lets every file of this process end at size, until the test ends.
func limitFileSize(t *testing.T, size uint64) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(unix.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Setrlimit(unix.RLIMIT_FSIZE, &before) })
}

// TestNonblocking: where a descriptor does not wait by itself, the transfer waits, and not by asking again and again.
func TestNonblocking(t *testing.T) {
	content := randomBytes(mib + 3)
	for name, channel := range channels {
		t.Run(name, func(t *testing.T) {
			reader, writer := channel(t)
			nonblocking(t, reader)
			go func(writer *os.File) {
				writer.Write(content[:7])
				time.Sleep(200 * time.Millisecond)
				writer.Write(content[7:])
				writer.Close()
			}(writer)
			file, before := newFile(t, nil), processorTime(t)
			n, err := Receive(file, reader, int64(len(content)))
			if err != nil || n != int64(len(content)) || !bytes.Equal(contentOf(t, file), content) {
				t.Errorf("received %d %v", n, err)
			}
			if spent := processorTime(t) - before; spent > 100*time.Millisecond {
				t.Errorf("waiting to receive took %v of processor time", spent)
			}

			reader, writer = channel(t)
			nonblocking(t, writer)
			came := make(chan []byte)
			go func() {
				time.Sleep(200 * time.Millisecond)
				b, _ := io.ReadAll(reader)
				came <- b
			}()
			before = processorTime(t)
			n, err = Send(writer, newFile(t, content), int64(len(content)))
			writer.Close()
			if got := <-came; err != nil || n != int64(len(content)) || !bytes.Equal(got, content) {
				t.Errorf("sent %d %v", n, err)
			}
			if spent := processorTime(t) - before; spent > 100*time.Millisecond {
				t.Errorf("waiting to send took %v of processor time", spent)
			}
		})
	}
}

// nonblocking sets the flag behind the back of os.File, as another process with the same descriptor could.
func nonblocking(t *testing.T, f *os.File) {
	t.Helper()
	if err := unix.SetNonblock(int(f.Fd()), true); err != nil {
		t.Fatal(err)
	}
}

// processorTime is what the process has spent so far, in itself and in the kernel.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestBadDescriptor(t *testing.T) {
	closed := newFile(t, nil)
	closed.Close()
	if n, err := Receive(newFile(t, nil), closed, 5); err == nil || n != 0 {
		t.Errorf("%d %v", n, err)
	}
	folder, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if n, err := Send(newFile(t, nil), folder, 5); err == nil || n != 0 || strings.Contains(err.Error(), "timeout") {
		t.Errorf("%d %v", n, err)
	}
}
