package test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// TestBrowserCut: a file with holes goes up through Chromium while the connection is cut again and again, Apache is restarted in the middle
// and the session runs out once. It arrives whole, and its data is on the disk once at any time. With --long it has 5 GiB.
func TestBrowserCut(t *testing.T) {
	d := needDemo(t)
	size, every := int64(64*mib), int64(9*mib)
	if rounds(0, 1) == 1 {
		size, every = 5*gib, 384*mib
		image := emptyImage(t, "cut", "7G")
		run(t, "mkfs.ext4", "-q", "-m", "0", image)
		coverBase(t, image)
	}
	source := fileWithHoles(t, size)
	address, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{to: address.Host, every: every}
	c.when = []step{
		{size * 4 / 10, func() error { return exec.Command("apache2ctl-sharezone", "restart").Run() }},
		{size * 7 / 10, func() error { return expireSessions("br-en-cut") }},
	}
	c.listen(t)
	watch := watchDisk(t, layout.Base)
	began := time.Now()
	testJourneysAt(t, "http://"+c.address, source, "en-cut")
	most := watch()
	t.Logf("%d MiB in %.0f s, cut %d times; at most %d MiB on the disk", size/mib, time.Since(began).Seconds(), c.cuts.Load(), most/mib)
	if err := c.failed(); err != nil {
		t.Error(err)
	}
	if left := len(c.when); left > 0 {
		t.Errorf("%d things were to happen during the upload, and did not", left)
	}
	if got := c.cuts.Load(); got < 5 {
		t.Errorf("it was cut %d times", got)
	}
	if most < size || most > size+size/5 {
		t.Errorf("%d MiB of %d were on the disk", most/mib, size/mib)
	}
	if t.Failed() {
		return
	}
	folder := zonePath("browser", "en-cut")
	if digestOf(t, filepath.Join(folder, "large.bin")) != digestOf(t, source) {
		t.Error("other bytes arrived")
	}
	if left := run(t, "find", folder, "-name", ".shz-*"); left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// cutter hands connections on, and cuts each of them after so many bytes of the browser's. Pages are smaller, and get through.
type cutter struct {
	to, address string
	every       int64
	total, cuts atomic.Int64

	sync.Mutex
	when []step
	err  error
}

// step is something that is to happen once when so many bytes have gone through; the connection is cut then, too.
type step struct {
	at int64
	do func() error
}

func (c *cutter) listen(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	c.address = listener.Addr().String()
	go func() {
		for {
			browser, err := listener.Accept()
			if err != nil {
				return
			}
			go c.pass(browser.(*net.TCPConn))
		}
	}()
}

func (c *cutter) pass(browser *net.TCPConn) {
	defer browser.Close()
	conn, err := net.Dial("tcp", c.to)
	if err != nil { // it is being restarted
		return
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	go func() {
		io.Copy(browser, server)
		browser.Close()
	}()
	block := make([]byte, 256<<10)
	for passed := int64(0); ; {
		n, err := browser.Read(block)
		if n > 0 {
			if _, err := server.Write(block[:n]); err != nil {
				return
			}
		}
		if err != nil {
			server.CloseWrite()
			io.Copy(io.Discard, browser)
			return
		}
		passed += int64(n)
		if c.happens(c.total.Add(int64(n))) || passed > c.every {
			c.cuts.Add(1)
			browser.SetLinger(0)
			server.SetLinger(0)
			return
		}
	}
}

// happens does what is due, and says whether something was.
func (c *cutter) happens(total int64) bool {
	c.Lock()
	defer c.Unlock()
	if len(c.when) == 0 || total < c.when[0].at {
		return false
	}
	c.err = errors.Join(c.err, c.when[0].do())
	c.when = c.when[1:]
	return true
}

func (c *cutter) failed() error {
	c.Lock()
	defer c.Unlock()
	return c.err
}

// expireSessions has a user's sessions last used yesterday.
func expireSessions(user string) error {
	files, err := filepath.Glob(layout.Sessions + "/*")
	if err != nil {
		return err
	}
	expired := 0
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && strings.Contains(string(b), user) {
			if err := os.Chtimes(file, time.Time{}, time.Now().Add(-24*time.Hour)); err != nil {
				return err
			}
			expired++
		}
	}
	if expired == 0 {
		return errors.New("no session of " + user)
	}
	return nil
}

// fileWithHoles has random bytes at its beginning, at its end and between, and no blocks elsewhere.
func fileWithHoles(t *testing.T, size int64) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "large.bin")
	block := randomFile(t, mib)
	for i := range int64(8) {
		run(t, "dd", "if="+block, "of="+file, "bs=64K", "oflag=seek_bytes", "conv=notrunc", "status=none", "seek="+strconv.FormatInt((size-mib)*i/7, 10))
	}
	if st, err := os.Stat(file); err != nil || st.Size() != size {
		t.Fatal(st, err)
	}
	return file
}

// watchDisk looks how much more is used of a file system, also by what has no name, until the function that it returns is called, which
// says how much that was at most.
func watchDisk(t *testing.T, path string) func() int64 {
	t.Helper()
	before := free(t, path)
	var most int64
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		for {
			var st unix.Statfs_t
			if err := unix.Statfs(path, &st); err != nil {
				stopped <- fmt.Errorf("%s: %w", path, err)
				return
			}
			most = max(most, before-int64(st.Bavail)*st.Bsize)
			select {
			case <-stop:
				stopped <- nil
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(stop)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		return most
	}
}
