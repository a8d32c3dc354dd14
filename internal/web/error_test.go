package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/hook"
	"sharezone/internal/session"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// TestCodeOf: each answer that the kernel, a helper or a package gives, bare and wrapped as packages wrap it.
func TestCodeOf(t *testing.T) {
	for err, want := range map[error]Code{
		unix.ENOENT: NotFound, unix.ENOTDIR: NotFound, fs.ErrNotExist: NotFound, zone.ErrReserved: NotFound,
		unix.EACCES: NotPermitted, unix.EPERM: NotPermitted, unix.ELOOP: NotPermitted, unix.EXDEV: NotPermitted, unix.ENXIO: NotPermitted,
		unix.EEXIST: Exists, unix.ENOTEMPTY: Conflict, unix.EISDIR: Conflict, unix.ESTALE: Conflict, unix.EMLINK: Conflict,
		unix.ENAMETOOLONG: BadRequest, zone.ErrPath: BadRequest, zone.ErrNewName: BadRequest, io.ErrUnexpectedEOF: BadRequest,
		unix.EFBIG: TooLarge, unix.EROFS: Locked, zone.ErrHeld: Locked, hook.ErrRefused: Rejected, hook.ErrSlow: Busy, unix.ETXTBSY: Locked,
		unix.EAGAIN: Busy, unix.EBUSY: Busy, unix.EMFILE: Busy, unix.ENFILE: Busy, unix.ENOMEM: Busy, context.DeadlineExceeded: Busy,
		unix.ENOSPC: NoSpace, unix.EDQUOT: Quota,
		helper.Refusal("refused"): NotPermitted, helper.Refusal("weak"): BadRequest, helper.Refusal("busy"): Busy,
		helper.Refusal("no-space"): NoSpace, helper.Refusal("internal"): Internal, helper.Refusal("what else"): Internal, helper.Refusal(""): Internal,
		unix.EIO: Internal, unix.EBADF: Internal, unix.EINVAL: Internal, unix.EFAULT: Internal, io.EOF: Internal,
		session.ErrDamaged: Internal, errors.New("not found"): Internal,
	} {
		for _, wrapped := range []error{
			err, fmt.Errorf("more: %w", err), &os.PathError{Op: "open", Path: "/srv", Err: err}, os.NewSyscallError("openat2", err),
			&os.LinkError{Op: "link", Old: "a", New: "b", Err: err}, errors.Join(errors.New("first"), err),
		} {
			if got := CodeOf(wrapped); got != want {
				t.Errorf("%v: %s, not %s", wrapped, got, want)
			}
		}
		// What a component decided stands before what it wraps.
		if got := CodeOf(fmt.Errorf("x: %w", &Error{Locked, err})); got != Locked {
			t.Errorf("%v: %s, not the code that was decided on", err, got)
		}
	}
}

// interfaceStatus is the list of the interface: a contract with scripts.
var interfaceStatus = map[Code]int{
	"bad-request": 400, "not-logged-in": 401, "not-permitted": 403, "password-expired": 403, "second-factor": 403, "not-found": 404, "method": 405,
	"exists": 409, "conflict": 409, "precondition": 412, "too-large": 413, "unsupported": 415, "range": 416, "locked": 423,
	"internal": 500, "busy": 503, "no-space": 507, "quota": 507, "checksum": 460, "rejected": 422,
}

func TestCodes(t *testing.T) {
	if len(statuses) != len(interfaceStatus) {
		t.Errorf("%d codes, not %d", len(statuses), len(interfaceStatus))
	}
	for code, status := range interfaceStatus {
		if got := code.Status(); got != status {
			t.Errorf("%s is %d, not %d", code, got, status)
		}
		for _, l := range []text.Language{text.Italian, text.English} {
			if !l.Knows("error."+string(code)) || !l.Knows("error-title."+string(code)) {
				t.Errorf("no sentence in %q for %s", l, code)
			}
		}
	}
	if Code("unknown").Status() != 500 {
		t.Error("an unknown code is no error of ours")
	}
}

// TestFail: the code and a sentence go to the browser, in its form; what really happened goes to the log.
func TestFail(t *testing.T) {
	for code, status := range interfaceStatus {
		uri := "/cgi-bin/test?lang=en&code=" + string(code)
		a := cgiCall{component: "fail", uri: uri}.run(t)
		got := a.errorObject(t).Error
		if a.status != status || got.Code != code || got.Message != text.English.Say("error."+string(code)) || got.Request != "0123456789abcdef" {
			t.Errorf("%s: %d %+v", code, a.status, got)
		}
		checkHeaders(t, a)
		if (a.header.Get("Content-Range") != "") != (code == RangeNot) || a.header.Get("Content-Length") != strconv.Itoa(len(a.body)) || (a.header.Get("Retry-After") != "") != (code == Busy) {
			t.Errorf("%s: %v", code, a.header)
		}
		html := cgiCall{component: "fail", uri: uri, set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
		if html.status != status || html.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(html.body, "0123456789abcdef") {
			t.Errorf("%s: %d %v", code, html.status, html.header)
		}
		for _, a := range []cgiAnswer{a, html} {
			if strings.Contains(a.body, "/srv") || strings.Contains(a.body, "browser") {
				t.Errorf("%s: the reason reached the browser: %s", code, a.body)
			}
			if want := `request=0123456789abcdef user=anna entry=internal code=` + string(code) + ` "` + string(code) + `: not for\nthe browser`; !strings.Contains(a.stderr, want) || strings.Count(a.stderr, "\n") != 1 {
				t.Errorf("%s: logged %q", code, a.stderr)
			}
		}
	}
}

// TestFailInTheMiddle: once the answer has begun nothing can be told; it must not look complete.
func TestFailInTheMiddle(t *testing.T) {
	a := cgiCall{component: "half"}.run(t)
	if a.status != http.StatusOK || a.body != "abc" || a.header.Get("Content-Length") != "12" || !strings.Contains(a.stderr, "code=no-space") {
		t.Errorf("%d %q %v %s", a.status, a.body, a.header, a.stderr)
	}
}

// TestFailWhileRendering: of a page that cannot be made to its end nothing goes out; the answer is the error, whole.
func TestFailWhileRendering(t *testing.T) {
	a := cgiCall{component: "broken-page", set: map[string]string{"HTTP_ACCEPT": "text/html"}}.run(t)
	if a.status != http.StatusServiceUnavailable || strings.Contains(a.body, "half a page") ||
		a.header.Get("Content-Length") != strconv.Itoa(len(a.body)) || !strings.HasSuffix(strings.TrimSpace(a.body), "</html>") {
		t.Errorf("%d %v %.200s", a.status, a.header, a.body)
	}
}

// TestFieldOf: which field of a form an error is about, whoever found it.
func TestFieldOf(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{zone.ValueError{Attr: zone.AttrMaxAge, Reason: zone.BadForm}, "max_age"},
		{&Told{Err: &Error{BadRequest, zone.ErrPast}, Sentence: "x"}, "expires"},
		{&zone.ExpiryError{}, "expires"},
		{zone.ErrName, "name"},
		{&helper.ZoneRefusal{Code: "exists"}, "name"},
		{&helper.ZoneRefusal{Code: "bad-request", Reason: "value", Attr: zone.AttrTitle}, "title"},
		{FieldError{Field: "owner", Reason: WrongField}, "owner"},
		{&helper.ZoneRefusal{Code: "bad-request", Reason: "too-late"}, "expires"},
		{&helper.ZoneRefusal{Code: "conflict", Reason: "changed"}, ""},
		{&helper.AccountRefusal{Code: "bad-request", Reason: "field", Field: "email"}, "email"},
		{&helper.AccountRefusal{Code: "exists", Reason: "user"}, "username"},
		{&helper.AccountRefusal{Code: "busy"}, ""},
		{unix.EEXIST, ""}, {nil, ""},
	} {
		if got := fieldOf(row.err); got != row.want {
			t.Errorf("%v: %q, not %q", row.err, got, row.want)
		}
	}
}
