// Package web is what every component does around its own work: it takes the request that the gate passed on, refuses
// what came from another site, picks the language and the form of the answer, and turns errors into statuses.
//
// MUST rules of this folder:
//   - nothing here decides whether a user may do something;
//   - the text of an error goes to the log, its code and a sentence go to the browser;
//   - no header of the answer is built from unchecked input.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/http/cgi"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/announcement"
	"sharezone/internal/config"
	"sharezone/internal/event"
	"sharezone/internal/layout"
	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// Call is one request in the hands of its component.
type Call struct {
	Request *http.Request
	Body    *Body
	ID      string // request id, made by the gate
	User    string // login name; "" = nobody is logged in
	Entry   string // internal or external
	Address string // of the client
	Session string // name of the session's file, for components that may end it, or ask for its password
	// MustChange says that nothing but a new password and logging out is answered.
	MustChange bool
	// Lacks is what the second factor still needs, "" = nothing: else nothing but that and logging out is answered.
	Lacks    string
	Language text.Language
	JSON     bool        // the answer is JSON
	Event    *event.File // nil when this kind of request has nothing to tell

	// Refused is the field of a form that is shown again because of it, "" = none; Message knows it of most errors.
	Refused string

	// Lasting says that an error is a thing's as it is now: its answer keeps Cache-Control and ETag.
	Lasting bool

	path    string   // raw
	nulls   []string // see Nulls
	reasons []error  // what went wrong, for the log

	shutOut string // see InZone; "" = the zone is another's, lets its owner in, or does not decide
	opens   string // the page where he opens it

	maintenance bool // there is maintenance, and the user is an administrator
	shut        bool // there is, and he is none
	response    *response
	settings    *config.Settings // nil: not read yet
}

// Run is the whole life of a component: it hands the request to answer, and answers the error that this returns.
func Run(answer func(*Call) error) {
	// The gate's slots stay open here and go no further: a program that a site's hook leaves behind would hold them for ever.
	unix.CloseRange(3, 1<<32-1, unix.CLOSE_RANGE_CLOEXEC)
	// A client that goes away must give EPIPE, so that the handler can clean up and say so.
	signal.Ignore(syscall.SIGPIPE)
	c, err := newCall()
	if err == nil {
		err = c.refuseForeign()
	}
	if err == nil {
		err = c.checkEntry()
	}
	if err == nil {
		err = c.refuseInMaintenance()
	}
	if err == nil {
		err = answer(c)
	}
	if err != nil {
		c.Fail(err)
	}
	if err := c.response.finish(); err != nil {
		c.Log(err)
	}
	if err := c.Event.Lost(); err != nil {
		c.Log(fmt.Errorf("event file: %w", err))
	}
	c.logRequest()
	c.Body.refuseRest()
}

// newCall reads the environment. The call is usable for an error page also when it returns an error.
func newCall() (*Call, error) {
	c := &Call{
		ID: os.Getenv("SHZ_REQUEST"), User: os.Getenv("SHZ_USER"), Entry: os.Getenv("SHZ_ENTRY"),
		Address: os.Getenv("REMOTE_ADDR"), Session: os.Getenv("SHZ_SESSION"), Event: event.Open(),
		MustChange: os.Getenv("SHZ_MUST_CHANGE") == "yes", Lacks: os.Getenv("SHZ_LACKS"),
		response: newResponse(os.Getenv("REQUEST_METHOD") == http.MethodHead),
	}
	for name, value := range headers {
		c.response.header.Set(name, value)
	}
	c.response.header.Set("X-Request-Id", c.ID) // also in Apache's log
	c.JSON = accepts(os.Getenv("HTTP_ACCEPT"), "application/json")
	c.path, _, _ = strings.Cut(os.Getenv("REQUEST_URI"), "?")
	c.Language = text.Pick(os.Getenv("SHZ_LANG"), os.Getenv("HTTP_ACCEPT_LANGUAGE"))

	// The body first: an answer that refuses the request has to deal with what is still to come of it.
	var bodyErr error
	c.Body, bodyErr = newBody(os.Getenv("CONTENT_LENGTH"), os.Getenv("HTTP_TRANSFER_ENCODING"))

	env := make(map[string]string)
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	r, err := cgi.RequestFromMap(env)
	if err != nil {
		c.Request = &http.Request{Method: env["REQUEST_METHOD"], URL: &url.URL{}, Header: http.Header{}}
		return c, &Error{BadRequest, err}
	}
	c.Request, r.Body = r, c.Body
	if bodyErr != nil {
		return c, bodyErr
	}
	if chosen := r.URL.Query().Get("lang"); chosen == string(text.Italian) || chosen == string(text.English) {
		c.SetLanguage(text.Language(chosen))
	}
	return c, nil
}

// SetLanguage is the one of this answer and of what this browser asks for after it; "" leaves it to what the browser wants.
func (c *Call) SetLanguage(l text.Language) {
	age := 365 * 24 * 3600 // seconds
	if l == "" {
		age = -1
		l = text.Pick("", os.Getenv("HTTP_ACCEPT_LANGUAGE"))
	}
	c.Language = l
	c.SetCookie(&http.Cookie{Name: "lang", Value: string(l), MaxAge: age})
}

// headers stand in every answer; a component may set stricter ones.
var headers = map[string]string{
	"Cache-Control":           "no-store",
	"Content-Security-Policy": page.ContentSecurityPolicy,
	"Referrer-Policy":         "same-origin",
	"Vary":                    "Accept, Accept-Language, Cookie",
	"X-Content-Type-Options":  "nosniff",
}

// refuseForeign refuses changing requests that a page of another site sent (CWE-352).
func (c *Call) refuseForeign() error {
	if err := http.NewCrossOriginProtection().Check(c.Request); err != nil {
		return &Told{Err: &Error{NotPermitted, err}, Sentence: c.Language.Say("error.foreign")}
	}
	return nil
}

// refuseInMaintenance refuses whoever is no administrator while the installation is being worked on. Login and logout answer
// everybody, so that an administrator can come in.
func (c *Call) refuseInMaintenance() error {
	if c.User == "" || c.path == "/cgi-bin/logout" {
		return nil
	}
	on, administrator, err := announcement.Maintenance()
	c.maintenance = administrator
	if err == nil && on && !administrator {
		c.shut = true
		return &Told{Err: Refuse(Busy, "maintenance"), Sentence: c.Language.Say("error.maintenance")}
	}
	return err
}

// Accepts says whether the client names a kind of content that it takes.
func (c *Call) Accepts(kind string) bool { return accepts(c.Request.Header.Get("Accept"), kind) }

// accepts says whether an Accept header names a kind of content.
func accepts(accept, wanted string) bool {
	for _, part := range strings.Split(accept, ",") {
		if kind, parameters, err := mime.ParseMediaType(part); err == nil && kind == wanted {
			quality, err := strconv.ParseFloat(parameters["q"], 64)
			return err != nil || quality != 0 // "q=0" and "q=0.000" mean: not this one
		}
	}
	return false
}

// Rest is the raw, percent-encoded path after the component's name: "" or what follows its slash.
func (c *Call) Rest() string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(c.path, "/cgi-bin/"), "/")
	return rest
}

// Exact refuses a path below the component's own, for components that have none.
func (c *Call) Exact() error {
	if c.Rest() != "" || strings.HasSuffix(c.path, "/") {
		return Refuse(NotFound, "the component has no paths")
	}
	return nil
}

// Path is the raw path as it was asked for.
func (c *Call) Path() string { return c.path }

// From is the page of this site that sent the request (RFC 9110, 10.1.3): its path and query, "" if it was another site's or
// is not known. A script can claim any; it decides what a page says, never what is done.
func (c *Call) From() string {
	if from := c.referer(); from != nil {
		return LocalPath(from.RequestURI())
	}
	return ""
}

// referer is the address that From takes it from, nil for none of this site.
func (c *Call) referer() *url.URL {
	from, err := url.Parse(c.Request.Referer())
	if err != nil || from.Host == "" || !strings.EqualFold(from.Host, c.Request.Host) {
		return nil
	}
	return from
}

// afterLink are the pages to which one comes from a page whose address is a secret, the link of a mail: that says the site alone
// (Referrer-Policy).
var afterLink = map[string]bool{"/cgi-bin/forgot": true, "/cgi-bin/login": true, "/cgi-bin/signup": true}

// Done is what the page before has done, by the name that its redirect gave it, for a message of success. An address that
// somebody else made, or that was kept as a bookmark, has done nothing: "".
func (c *Call) Done() string {
	if c.From() == "" && (c.referer() == nil || !afterLink[c.Request.URL.Path]) {
		return ""
	}
	return c.Request.URL.Query().Get("done")
}

// Writer is for http.ServeContent and streams.
func (c *Call) Writer() http.ResponseWriter { return c.response }

// Sent is how many bytes of body went out so far.
func (c *Call) Sent() int64 { return c.response.sent }

// Complete says whether all bytes went out that were announced.
func (c *Call) Complete() bool { return c.response.out.Flush() == nil && c.response.left <= 0 }

// SetCookie adds a cookie with the attributes that all of ours have: sent back to this site alone, not readable by
// scripts, and over https only where the request came by https.
func (c *Call) SetCookie(k *http.Cookie) {
	k.Path, k.HttpOnly, k.SameSite = "/", true, http.SameSiteLaxMode
	k.Secure = os.Getenv("HTTPS") == "on"
	http.SetCookie(c.response, k)
}

// View is the frame of a page of this call.
func (c *Call) View(title string) page.View {
	v := page.View{
		Language: c.Language, Title: title, User: c.User, Entry: c.Entry, URL: os.Getenv("REQUEST_URI"),
		Menu: c.Menu(), Maintenance: c.maintenance,
	}
	if a := announcement.Read(time.Now()); a != nil {
		v.Announcement = a.Text(c.Language)
	}
	return v
}

// Menu lists the functions of the user that this entry answers. Zones are managed by whom the kernel lets make some; the
// others see theirs at home.
func (c *Call) Menu() []page.MenuItem {
	if c.Lacks != "" {
		return []page.MenuItem{} // nothing else would answer
	}
	items := page.Menu(c.Language, c.User, c.path, c.User != "" && zone.MayMakeZones(), c.User != "" && c.Administers())
	if len(items) == 0 {
		return items
	}
	return slices.DeleteFunc(items, func(item page.MenuItem) bool { return !c.Answers(item.Name) })
}

// Answers says whether a component is answered by the entry that the request came by. Where settings cannot be read, whoever
// asks for it is told: an error page has a menu, too.
func (c *Call) Answers(component string) bool {
	s, err := c.Settings()
	return err != nil || s.Entry(c.Entry).Answers(component)
}

// Administers says whether the user administers Share Zone, as the kernel answers: the log of the whole system is readable for
// administrators alone. By the external entry nobody does.
func (c *Call) Administers() bool {
	return c.Entry != "external" && unix.Access(layout.SystemLog, unix.R_OK) == nil
}

// May says what somebody can do in a zone who has this access to it. Whose zone it is and who is no manager, or no more, can do nearly nothing
// for others: see zonefix.
func (c *Call) May(access zone.Access) string {
	if access == zone.Own && !zone.MayMakeZones() && !c.Administers() {
		return c.Language.Say("access.own-alone")
	}
	return c.Language.Say("access." + string(access))
}

// ShutOut says to the owner of a zone whose mode shuts him out of it, by chmod, who can open it again and where.
func (c *Call) ShutOut(root *zone.Object) string {
	way := "open"
	switch {
	case c.Entry == "external":
		way = "inside"
	case !zone.MayMakeZones() && !c.Administers(): // zonefix would refuse him
		way = "administrator"
	}
	return c.Language.Say("shut-out", fmt.Sprintf("%04o", root.Stat().Mode&0o7777)) + " " + c.Language.Say("shut-out."+way)
}

// InZone has who is shut out of a zone of his own told so where its root decides what the kernel refuses from now on: he is its owner, and not to
// ask him. Whatever lies in it, he must enter the root; needs is what else of its mode is needed (zone.OwnerReads, zone.OwnerWrites), 0 where it is
// something below that decides. An error page leads to the page of the zone.
func (c *Call) InZone(name string, root *zone.Object, needs uint32) {
	c.shutOut = ""
	if root.Withholds(zone.OwnerEnters | needs) {
		c.shutOut = c.ShutOut(root)
		c.opens = "/cgi-bin/zones/" + name
	}
}

// Answer sends an object as JSON, or the page, whichever was asked for.
func (c *Call) Answer(status int, object any, html templ.Component) error {
	if c.JSON {
		return c.answerJSON(status, object)
	}
	return c.AnswerPage(status, html)
}

// AnswerPage sends a page.
func (c *Call) AnswerPage(status int, html templ.Component) error {
	return c.send(status, "text/html; charset=utf-8", func(to io.Writer) error {
		m := made(to, c.User)
		return errors.Join(html.Render(page.WithForms(context.Background(), c.Refused), m), m.close())
	})
}

func (c *Call) answerJSON(status int, object any) error {
	return c.send(status, "application/json", func(to io.Writer) error {
		e := json.NewEncoder(to)
		e.SetEscapeHTML(false)
		return e.Encode(object)
	})
}

// send makes the whole body before the first byte goes out: an error on the way becomes an answer of its own, and the
// length is announced, so a client knows when the end is missing.
func (c *Call) send(status int, contentType string, write func(io.Writer) error) error {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		return err
	}
	h := c.response.header
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	if status == Busy.Status() && h.Get("Retry-After") == "" { // also of a form that comes back
		h.Set("Retry-After", "5")
	}
	c.response.WriteHeader(status)
	_, err := c.response.Write(body.Bytes())
	return err
}

// SeeOther answers a form: 303 to a local path, or the object for a script.
func (c *Call) SeeOther(path string, status int, object any) error {
	if c.JSON {
		return c.answerJSON(status, object)
	}
	c.SetLocation(path)
	c.response.WriteHeader(http.StatusSeeOther)
	return nil
}

// SetLocation sets the header of a redirect, or of something new. A path that is too long becomes relative to the
// address that was asked for; one that is too long even so is left out.
func (c *Call) SetLocation(path string) {
	if folder := c.path[:strings.LastIndexByte(c.path, '/')+1]; len(path) > maxLocation && strings.HasPrefix(path, folder) {
		path = "./" + path[len(folder):]
	}
	if len(path) <= maxLocation {
		c.response.header.Set("Location", path)
	}
}

// errorObject is the interface's form of an error.
type errorObject struct {
	Error struct {
		Code    Code   `json:"code"`
		Message string `json:"message"`
		Request string `json:"request"`
	} `json:"error"`
}

// Fail answers an error: its code and a sentence; what really happened goes to the log.
func (c *Call) Fail(err error) {
	code := CodeOf(err)
	c.Log(err)
	if c.response.status != 0 {
		return // half an answer went out; it stays short of its length, so the client knows
	}
	c.FailAs(code, c.Message(err))
}

// Message is the sentence for an error: that of its code, or a closer one where the user can do something about it.
func (c *Call) Message(err error) string {
	if field := fieldOf(err); field != "" {
		c.Refused = field
	}
	var told *Told
	var field FieldError
	switch {
	case errors.As(err, &told):
		return told.Sentence
	case errors.As(err, &field):
		return field.sentence(c.Language)
	case c.shutOut != "" && errors.Is(err, unix.EACCES):
		return c.shutOut
	case errors.Is(err, errNotAnswered):
		return c.Language.Say("entry.not-answered")
	case errors.Is(err, zone.ErrNewName), errors.Is(err, unix.ENAMETOOLONG),
		errors.Is(err, zone.ErrPath) && c.Request.Method == http.MethodPost: // typed into a form
		return c.Language.Say("name.unusable")
	case errors.As(err, new(*zone.Doubled)):
		return c.Language.Say("move.doubled")
	case errors.Is(err, zone.ErrKind):
		return c.Language.Say("move.kind")
	case errors.Is(err, zone.ErrInside):
		return c.Language.Say("move.inside")
	case errors.Is(err, zone.ErrUnsteady):
		return c.Language.Say("move.unsteady")
	case errors.Is(err, zone.ErrTrashTaken):
		return c.Language.Say("trash.not-yours")
	case errors.Is(err, unix.EFBIG):
		return c.largestFile()
	}
	return c.Language.Say("error." + string(CodeOf(err)))
}

// largestFile says which limit the kernel meant: that of the processes which Apache starts, or that of the file system, which says no number.
func (c *Call) largestFile() string {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err == nil && limit.Cur < math.MaxInt64 {
		return c.Language.Say("file.limit", c.Language.Size(int64(limit.Cur)))
	}
	return c.Language.Say("file.too-large")
}

// FailAs answers a code with a sentence of the component's own.
func (c *Call) FailAs(code Code, message string) {
	h := c.response.header
	for _, name := range [...]string{"Content-Length", "Content-Disposition", "ETag", "Last-Modified", "Accept-Ranges"} {
		if !c.Lasting || name != "ETag" {
			h.Del(name)
		}
	}
	if code != RangeNot { // which says in it how long the file is
		h.Del("Content-Range")
	}
	for name, value := range headers {
		if name != "Referrer-Policy" && !(c.Lasting && name == "Cache-Control") { // the first is for the address, whatever stands there
			h.Set(name, value)
		}
	}
	title := string(code)
	if c.shut {
		h.Set("Retry-After", "300")
		title = "maintenance"
	}
	back, label := c.back(), ""
	if c.shutOut != "" && message == c.shutOut && c.Answers("zones") {
		back, label = c.opens, c.Language.Say("shut-out.page")
	}
	err := c.Answer(code.Status(), c.ErrorObject(code, message), page.ErrorPage(c.View(message), title, message, c.ID, back, label))
	if err != nil {
		c.Log(err)
	}
}

// FailWithPassword answers an error after which a password holds that nobody else knows: it is shown with it, for it cannot be
// asked again.
func (c *Call) FailWithPassword(err error, title, username, password string, html func(page.View) templ.Component) error {
	c.Log(err)
	code, message := CodeOf(err), c.Message(err)
	head := c.View(title)
	head.Notice = &page.Notice{Kind: page.Error, Text: message}
	return c.Answer(code.Status(), struct {
		ErrorObject
		Username string `json:"username"`
		Password string `json:"password"`
	}{c.ErrorObject(code, message), username, password}, html(head))
}

// ErrorObject is the interface's form of an error, for who answers one by himself.
type ErrorObject = errorObject

// ErrorObject makes one.
func (c *Call) ErrorObject(code Code, message string) ErrorObject {
	var object errorObject
	object.Error.Code, object.Error.Message, object.Error.Request = code, message, c.ID
	return object
}

// back is where an error page leads: to the folder of what was asked for, else home, or to the welcome page without a
// login.
func (c *Call) back() string {
	if c.User == "" {
		return "/"
	}
	const zones, management, people = "/cgi-bin/shz/", "/cgi-bin/zones", "/cgi-bin/users"
	folder := c.path
	if strings.HasPrefix(folder, people+"/") && c.Administers() {
		return people
	}
	if folder == management || strings.HasPrefix(folder, management+"/") {
		if c.Request.Method == http.MethodPost { // the same: a form stands on the zone's page
			return folder
		}
		return management
	}
	if c.Request.Method != http.MethodPost { // a form stands on the page of the folder that it goes to
		folder = folder[:strings.LastIndexByte(strings.TrimSuffix(folder, "/"), '/')+1]
	}
	if strings.HasPrefix(folder, zones) && folder != zones {
		return folder
	}
	return "/cgi-bin/home"
}

// maxLocation bounds a path that is to stand in a Location header: Apache takes lines of 8,191 bytes from a CGI program
// and answers 500 for a longer one.
const maxLocation = 8000

// LocalPath returns next when it is a path of our own components and "" otherwise: a redirect must not lead to
// another site (CWE-601).
func LocalPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || len(next) > maxLocation || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(next, "/cgi-bin/") ||
		strings.ContainsAny(next, "\\\r\n\t") {
		return ""
	}
	// What is said to be done is not taken along: only the page that did it says so (Done). "lost" is login's own.
	if q := u.Query(); q.Has("done") && q.Get("done") != "lost" {
		q.Del("done")
		q.Del("n")
		next, _, _ = strings.Cut(next, "?")
		if len(q) > 0 {
			next += "?" + q.Encode()
		}
	}
	return next
}

// Before is the address of a page that has to come before another one, "" = home, which it leads on to (LocalPath). lost says that what
// was sent is lost by then: the server keeps nothing.
func Before(page, next string, lost bool) string {
	query := url.Values{}
	if next != "" && len(page)+len(url.QueryEscape(next)) < maxLocation-100 { // or it would be no address that a browser is sent to
		query.Set("next", next)
	}
	if lost {
		query.Set("done", "lost")
	}
	if len(query) == 0 {
		return page
	}
	return page + "?" + query.Encode()
}
