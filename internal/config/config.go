// Package config reads /etc/sharezone/sharezone.toml. What can be set there, with default and limits, is the table in
// settings.go; the shipped file and sharezone.toml(5) say the same, and tests compare them.
//
// SECURITY: root helpers obey this file, so it is believed only when root alone can write it. It holds no secret:
// handlers read it as the user. The gate reads nothing: what bounds a request before anybody is known is compiled in.
//
// A file that is not understood as a whole is refused as a whole. Passing over a mistyped line would leave the
// administrator believing in a limit that does not hold.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// Path is the file. It may be absent: then everything is at its default.
const Path = layout.Configuration + "/sharezone.toml"

// maxFile bounds the file: as shipped it has 3 KiB, nearly all of it comments.
const maxFile = 64 << 10

// Read returns the settings in force, or an *Error that says what must be mended.
func Read() (Settings, error) { return readFile(Path, 0) }

// readFile reads a file that must belong to owner, who is root outside tests.
func readFile(path string, owner uint32) (Settings, error) {
	text, err := readTrusted(path, owner)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	var refused *Error
	if err != nil && !errors.As(err, &refused) {
		err = &Error{Path: path, Problem: Unreadable, Detail: reason(err)}
	}
	if err != nil {
		return Settings{}, err
	}
	s, err := parse(text)
	if errors.As(err, &refused) {
		refused.Path = path
	}
	return s, err
}

// readTrusted opens first and looks at what is open. O_NONBLOCK: a FIFO in the place of the file must hold nobody up.
func readTrusted(path string, owner uint32) (string, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) {
		return "", &Error{Path: path, Problem: Untrusted, Detail: "symbolic link"}
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return "", err
	}
	// An ACL that lets somebody write shows in the group bits, which are then its mask.
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != owner || st.Mode&0o022 != 0 {
		return "", &Error{Path: path, Problem: Untrusted, Detail: fmt.Sprintf("uid %d, mode %06o", st.Uid, st.Mode)}
	}
	var b bytes.Buffer
	b.Grow(int(min(st.Size, maxFile)) + bytes.MinRead)
	if _, err = b.ReadFrom(io.LimitReader(f, maxFile+1)); err == nil && b.Len() > maxFile {
		err = fmt.Errorf("more than %d bytes", maxFile)
	}
	return b.String(), err
}

// parse understands all of the text or refuses its first mistake. Keys are visited in the order of the file.
func parse(text string) (Settings, error) {
	s := Default()
	d := document{}
	var err error
	if d.meta, err = toml.Decode(withoutComments(text), &d.top); err != nil {
		return Settings{}, syntaxError(err)
	}
	for _, key := range d.meta.Keys() {
		switch row := find(key); {
		case isSection(key) && d.meta.Type(key...) == "Hash":
		case row == nil:
			return Settings{}, &Error{Line: d.line(key), Key: key.String(), Problem: Unknown}
		case row.text != nil:
			value, isText := d.text(key)
			if !isText || !row.text.check(value) {
				return Settings{}, &Error{Line: d.line(key), Key: key.String(), Problem: BadValue, Form: row.text.form}
			}
			row.text.apply(&s, value)
		default:
			n, isNumber := d.number(key)
			if !isNumber || n < row.least || n > row.most {
				return Settings{}, &Error{
					Line: d.line(key), Key: key.String(), Problem: BadValue, Least: row.least, Most: row.most,
				}
			}
			row.apply(&s, n)
		}
	}
	return s, nil
}

// withoutComments empties the lines that are comments, which most of the file is: each request reads it, and for looking at them the parser takes
// longer than for all the rest. Lines keep their numbers. Where strings may have many lines, or there is what no comment may have, all stays.
func withoutComments(text string) string {
	if strings.Contains(text, `"""`) || strings.Contains(text, "'''") || !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			line = "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

func isControl(r rune) bool { return r < 0x20 && r != '\t' && r != '\n' || r == 0x7f }

// document is a file that is TOML, whatever it says.
type document struct {
	meta toml.MetaData
	top  map[string]toml.Primitive
}

// value is what stands under a key, not decoded yet.
func (d *document) value(key toml.Key) toml.Primitive {
	p := d.top[key[0]]
	for _, name := range key[1:] {
		var table map[string]toml.Primitive
		if d.meta.PrimitiveDecode(p, &table) != nil {
			break // inside an array: the array's own place will do
		}
		p = table[name]
	}
	return p
}

func (d *document) number(key toml.Key) (n int64, ok bool) {
	if d.meta.Type(key...) != "Integer" {
		return 0, false
	}
	return n, d.meta.PrimitiveDecode(d.value(key), &n) == nil
}

func (d *document) text(key toml.Key) (value string, ok bool) {
	if d.meta.Type(key...) != "String" {
		return "", false
	}
	return value, d.meta.PrimitiveDecode(d.value(key), &value) == nil
}

// line is where a key stands, 0 if that is unknown. The library tells the place only to a type that refuses the value.
func (d *document) line(key toml.Key) int {
	var refused toml.ParseError
	if errors.As(d.meta.PrimitiveDecode(d.value(key), &refuser{}), &refused) {
		return refused.Position.Line
	}
	return 0
}

type refuser struct{}

func (*refuser) UnmarshalTOML(any) error { return errors.New("refused") }

func syntaxError(err error) error {
	e := &Error{Problem: BadSyntax, Detail: err.Error()}
	var refused toml.ParseError
	if errors.As(err, &refused) {
		e.Line, e.Detail = refused.Position.Line, refused.Message
	}
	return e
}

// reason is an error of the kernel's without the path, which is said already.
func reason(err error) string {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// Problem says what is wrong, in a form that can be translated.
type Problem string

// The problems.
const (
	Unreadable Problem = "unreadable"
	Untrusted  Problem = "untrusted" // not a file, not root's, or others may write it
	BadSyntax  Problem = "syntax"
	Unknown    Problem = "unknown" // no such section or setting
	BadValue   Problem = "value"   // not a whole number or text, or not one that is allowed
)

// Error is why the file is refused. It wraps nothing: an EACCES here is no answer to the user's request.
type Error struct {
	Path        string
	Line        int    // 0: the file as a whole
	Key         string // of an unknown setting or a bad value: "sessions.idle_minutes"
	Problem     Problem
	Detail      string // what the kernel or the parser said
	Least, Most int64  // what a value may be
	Form        string // the same of a text; "" for a number
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Place() + ": ")
	switch e.Problem {
	case Untrusted:
		fmt.Fprintf(&b, "must be a file of root's that nobody else may write (%s)", e.Detail)
	case Unknown:
		fmt.Fprintf(&b, "there is no setting %s", e.Key)
	case BadValue:
		if e.Form != "" {
			fmt.Fprintf(&b, "%s must be %s", e.Key, e.Form)
			break
		}
		fmt.Fprintf(&b, "%s must be a whole number from %d to %d", e.Key, e.Least, e.Most)
	default:
		b.WriteString(e.Detail)
	}
	return b.String()
}

// Place is the file and the line as compilers write it, "/etc/sharezone/sharezone.toml:12".
func (e *Error) Place() string {
	if e.Line == 0 {
		return e.Path
	}
	return fmt.Sprintf("%s:%d", e.Path, e.Line)
}
