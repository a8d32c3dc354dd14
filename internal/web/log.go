package web

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/syslog"
)

// maxReasons bounds the line of a request that did a thousand things, none of which worked.
const maxReasons = 5

// Log notes what went wrong for the request's line in the log. The browser never gets to see it.
func (c *Call) Log(err error) {
	if len(c.reasons) < maxReasons {
		c.reasons = append(c.reasons, err)
	}
}

// logRequest writes the request's one line: who, what, how it ended, why, how long it took and how much went out. A
// handler that is killed writes none; Apache's access log has the request all the same, with its id.
func (c *Call) logRequest() {
	code, why := Code("ok"), ""
	for _, err := range c.reasons {
		if why == "" {
			code = CodeOf(err)
		}
		why += " " + strconv.QuoteToASCII(reasonOf(err))
	}
	priority := syslog.DaemonInfo
	if code == Internal {
		priority = syslog.DaemonError
	}
	line := fmt.Sprintf("sharezone %s: request=%s user=%s entry=%s code=%s%s", filepath.Base(os.Args[0]), c.ID, c.User, c.Entry, code, why)
	syslog.Write(priority, line+fmt.Sprintf(" address=%s method=%s status=%d ms=%d bytes=%d",
		c.Address, c.Request.Method, c.response.status, c.age().Milliseconds(), c.response.sent))
}

// age is how long ago the gate took the request.
func (c *Call) age() time.Duration {
	ns, err := strconv.ParseInt(os.Getenv("SHZ_TIME"), 10, 64)
	if err != nil {
		return 0
	}
	return time.Since(time.Unix(0, ns))
}

// reasonOf leaves the paths out that the operating system puts into its errors: what was asked for stands in the access
// log already, and one line is enough.
func reasonOf(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Op + ": " + path.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}
