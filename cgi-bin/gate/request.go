package main

import (
	"crypto/rand"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// maxVariable is the longest value, in bytes, that the gate takes from Apache, whose own limits (LimitRequestLine,
// LimitRequestFieldSize) are the same. A path of 4,095 bytes, all of them percent-encoded, fits.
const maxVariable = 16 << 10

// passed are the CGI variables (RFC 3875) that a handler gets. Everything else stays behind: LD_*, PATH, HTTP_PROXY
// (CVE-2016-5386), HTTP_COOKIE with the session's id, headers that claim an address.
var passed = [...]string{
	"CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "HTTPS", "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE",
	"HTTP_CONTENT_ENCODING", "HTTP_CONTENT_RANGE", "HTTP_EXPECT", "HTTP_HOST", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH",
	"HTTP_IF_RANGE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_ORIGIN", "HTTP_RANGE", "HTTP_REFERER", "HTTP_SEC_FETCH_SITE",
	"HTTP_SHZ_PAGE_USER", "HTTP_TRANSFER_ENCODING", "HTTP_TUS_RESUMABLE", "HTTP_UPLOAD_CHECKSUM", "HTTP_UPLOAD_CONCAT", "HTTP_UPLOAD_DEFER_LENGTH",
	"HTTP_UPLOAD_LENGTH", "HTTP_UPLOAD_METADATA", "HTTP_UPLOAD_OFFSET", "HTTP_USER_AGENT", "HTTP_X_HTTP_METHOD_OVERRIDE",
	"QUERY_STRING", "REMOTE_ADDR", "REMOTE_PORT", "REQUEST_METHOD",
	"REQUEST_URI", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
}

// request is what the gate knows of the request, every value checked.
type request struct {
	id       string // 16 hex digits, made here; in every log line and error page of the request
	time     string // when the gate took it: nanoseconds since 1970
	variable map[string]string
	method   string
	uri      string // raw, as it stood in the request line
	entry    string
	address  string
	session  string // name of the session file that the cookie asks for, "" if none
	language string // "it", "en" or "": what the reader chose before
}

// readRequest takes the request out of the environment.
func readRequest(environ []string) (request, *refusal) {
	q := request{variable: make(map[string]string), id: newRequestID(), time: strconv.FormatInt(time.Now().UnixNano(), 10)}
	all := make(map[string]string, len(environ))
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if _, twice := all[name]; twice {
			return q, &refusal{stepRequest, "", "variable twice: " + name}
		}
		all[name] = value
	}

	// 4. Refuse if the request is not one that Apache sends: form, length, characters.
	bad := func(what string) (request, *refusal) { return q, &refusal{stepRequest, "bad-request", what} }
	if a, err := netip.ParseAddr(all["REMOTE_ADDR"]); err == nil {
		q.address = a.Unmap().WithZone("").String()
	}
	if uri := all["REQUEST_URI"]; len(uri) <= maxVariable {
		q.uri = originForm(uri)
	}
	for _, name := range passed {
		value, set := all[name]
		if !set {
			continue
		}
		if len(value) > maxVariable || hasControl(value) {
			return bad(name + " too long or with control characters")
		}
		q.variable[name] = value
	}
	q.method = all["REQUEST_METHOD"]
	switch {
	case all["GATEWAY_INTERFACE"] != "CGI/1.1":
		return q, &refusal{stepRequest, "", "not a CGI request"}
	case q.address == "":
		return q, &refusal{stepRequest, "", "no REMOTE_ADDR"}
	case !strings.HasPrefix(q.uri, "/cgi-bin/"):
		return bad("request line does not begin with /cgi-bin/")
	case len(all["HTTP_COOKIE"]) > maxVariable:
		return bad("HTTP_COOKIE too long")
	}
	q.variable["REQUEST_URI"] = q.uri
	q.readCookies(all["HTTP_COOKIE"])

	// 5. Refuse if Apache does not say which entry the request came by, or if it came by the external one and not from the
	// proxy, or the proxy does not name one client. No header can say the entry, or who is the proxy: those begin with HTTP_.
	switch q.entry = all["SHZ_ENTRY"]; q.entry {
	case "internal":
	case "external":
		client, problem := clientOfProxy(q.address, all["SHZ_PROXY"], all["HTTP_X_FORWARDED_FOR"])
		if problem != "" {
			return q, &refusal{stepEntry, "", problem}
		}
		q.address = client
	default:
		return q, &refusal{stepEntry, "", "SHZ_ENTRY is neither internal nor external"}
	}
	q.variable["REMOTE_ADDR"] = q.address
	return q, nil
}

// clientOfProxy returns the address of the client for whom the proxy asks, or what is wrong. Limits of logins and slots go
// by it, so it must be the proxy's word alone: from anywhere else nothing is taken, and a list, which begins with what the
// client said itself, is refused. Two headers of this name are a list, too (RFC 9110, 5.3).
func clientOfProxy(peer, proxy, forwardedFor string) (client, problem string) {
	own, err := netip.ParseAddr(proxy)
	if err != nil || own.Unmap().WithZone("").String() != peer {
		return "", "not from the proxy, " + quote(proxy)
	}
	a, err := netip.ParseAddr(forwardedFor)
	if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
		return "", "the proxy names no client: X-Forwarded-For " + quote(forwardedFor)
	}
	return a.Unmap().String(), ""
}

// readCookies takes the session and the language. Two cookies of one name mean that somebody else could set one of
// them (cookie tossing), so neither is believed.
func (q *request) readCookies(header string) {
	ids, languages := []string{}, []string{}
	for _, pair := range strings.Split(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch name {
		case "SESSION_ID":
			ids = append(ids, value)
		case "lang":
			languages = append(languages, value)
		}
	}
	if len(ids) == 1 {
		q.session, _ = sessionFileName(ids[0])
	}
	if len(languages) == 1 && (languages[0] == "it" || languages[0] == "en") {
		q.language = languages[0]
	}
}

// originForm takes the scheme and host off a request line in absolute form, which RFC 9112, 3.2.2 wants accepted; Apache
// has taken the host from it already.
func originForm(uri string) string {
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(uri) > len(scheme) && strings.EqualFold(uri[:len(scheme)], scheme) {
			if slash := strings.IndexByte(uri[len(scheme):], '/'); slash >= 0 {
				return uri[len(scheme)+slash:]
			}
		}
	}
	return uri
}

// path is the raw path: the request line up to the question mark.
func (q *request) path() string {
	path, _, _ := strings.Cut(q.uri, "?")
	return path
}

func newRequestID() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b)
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) >= 0
}

func itoa(n int) string { return strconv.Itoa(n) }

// quote makes a text of somebody else's safe for one line of a log, 200 bytes of it.
func quote(s string) string {
	if len(s) > 200 {
		s = s[:200]
	}
	return strconv.QuoteToASCII(s)
}
