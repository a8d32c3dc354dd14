package privileged

import (
	"bufio"
	"io"
	"testing"
	"time"
)

// TestAlive: a single step that takes long is told of, so that nobody takes it for the end; and the reply comes last.
func TestAlive(t *testing.T) {
	in, out := io.Pipe()
	s := NewSpeaker(out, 40*time.Millisecond)
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for r := bufio.NewScanner(in); r.Scan(); {
			lines <- r.Text()
		}
	}()
	for range 2 {
		if line := <-lines; line != `{"progress":0}` {
			t.Errorf("%s", line)
		}
	}
	time.Sleep(10 * time.Millisecond)
	s.mu.Lock()
	s.done = 7
	s.mu.Unlock()
	for line := range lines {
		if line == `{"progress":7}` {
			break
		}
	}
	s.End(map[string]string{"error": "busy"})
	time.Sleep(100 * time.Millisecond)
	out.Close()
	last := ""
	for line := range lines {
		last = line
	}
	if last != `{"error":"busy"}` {
		t.Errorf("the last line is %s", last)
	}
}
