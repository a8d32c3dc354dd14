package test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// openConnections opens n connections to Apache and sends the text on each.
func openConnections(t *testing.T, n int, text string) []net.Conn {
	t.Helper()
	all := make([]net.Conn, 0, n)
	t.Cleanup(func() {
		for _, c := range all {
			c.Close()
		}
	})
	for range n {
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(needDemo(t).url, "http://"), patience)
		if err != nil {
			t.Fatalf("after %d: %v", len(all), err)
		}
		all = append(all, c)
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatalf("after %d: %v", len(all), err)
		}
	}
	return all
}

// TestWaitingConnections: answered connections that stay open hold no thread of Apache's, thousands of them neither. One that says nothing
// or half a request holds one, for as long as RequestReadTimeout says: who comes meanwhile waits for that at most, and is answered.
func TestWaitingConnections(t *testing.T) {
	id := sessionID(t, "bruno")
	ask := func(what string, most time.Duration) {
		t.Helper()
		began := time.Now()
		a := curl(t, "-m", "100", "-H", "Cookie: SESSION_ID="+id, "/cgi-bin/home")
		if took := time.Since(began); a.status != 200 || took > most {
			t.Errorf("%s: %d after %v", what, a.status, took)
		}
	}
	for _, c := range openConnections(t, 2000, "GET / HTTP/1.1\r\nHost: h\r\n\r\n") {
		c.SetReadDeadline(time.Now().Add(patience))
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || response.StatusCode != 200 {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
	}
	ask("2000 idle", patience)
	openConnections(t, 250, "")
	openConnections(t, 500, "GET /cgi-bin/home HTTP/1.1\r\nHost:")
	ask("250 silent and 500 halves", 15*time.Second) // three rounds of RequestReadTimeout
}
