// The text form of an ACL: what getfacl(1) prints and setfacl(1) takes.

package acl

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Names translates between names and numbers of users and groups.
type Names interface {
	UserName(uid uint32) (string, bool)
	GroupName(gid uint32) (string, bool)
	UserID(name string) (uint32, bool)
	GroupID(name string) (uint32, bool)
}

// Format returns one ACL as `getfacl -c` prints it (`getfacl -cd` for a default ACL), without the empty line at the
// end: one entry on a line, and what the mask leaves of an entry where that is less. IDs without a name appear as
// numbers; with nil Names all do, as in `getfacl -n`.
//
// It differs from getfacl for names that would do harm. One that setfacl would take for another ID appears as its
// number, and characters that a terminal does not show as themselves appear as octal escapes, which setfacl reads.
func (a ACL) Format(n Names) string {
	var text strings.Builder
	for _, e := range slices.SortedFunc(slices.Values(a), order) {
		text.WriteString(e.format(n))
		if effective := a.Effective(e); effective != e.Perm {
			text.WriteString("\t#effective:" + effective.String())
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// Text returns the entry as Format does, in one word: "user:anna:rwx".
func (e Entry) Text(n Names) string { return e.format(n) }

func (e Entry) format(n Names) string {
	qualifier := ""
	if e.Tag.named() {
		qualifier = strconv.FormatUint(uint64(e.ID), 10)
		if name, ok := nameOf(n, e.Tag, e.ID); ok {
			qualifier = quote(name)
		}
	}
	return fmt.Sprintf("%v:%s:%v", e.Tag, qualifier, e.Perm)
}

// nameOf returns the name of an ID if that name leads back to the ID, here and in setfacl. An empty one would
// otherwise read as the file's owner, and the user named 0 with uid 1001 as root.
func nameOf(n Names, t Tag, id uint32) (string, bool) {
	if n == nil {
		return "", false
	}
	name, known := n.UserName, n.UserID
	if t == Group {
		name, known = n.GroupName, n.GroupID
	}
	text, ok := name(id)
	if !ok || text == "" || readsAsNumber(text) || strings.ContainsRune(text, 0) {
		return "", false
	}
	back, ok := known(text)
	return text, ok && back == id
}

// readsAsNumber reports whether setfacl would take a name for a number. It tries strtol(3) with base 0 before it
// looks for an account, so 010 is 8, 0x20 is 32, and 4294967296 is root.
func readsAsNumber(name string) bool {
	_, err := strconv.ParseInt(strings.TrimSpace(name), 0, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// quote escapes what has a meaning in the text form, and what is not shown as itself.
func quote(name string) string {
	var text strings.Builder
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		switch {
		case r == '\\':
			text.WriteString(`\\`)
		case r == ' ', r == ',', r == ':', !unicode.IsPrint(r), r == utf8.RuneError && size == 1:
			for i := range size {
				fmt.Fprintf(&text, `\%03o`, name[i])
			}
		default:
			text.WriteString(name[:size])
		}
		name = name[size:]
	}
	return text.String()
}

// unquote undoes quote. A backslash that begins no escape stands for itself, as in setfacl.
func unquote(text string) string {
	var name strings.Builder
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, `\\`):
			name.WriteByte('\\')
			i++
		case len(rest) >= 4 && rest[0] == '\\':
			if value, err := strconv.ParseUint(rest[1:4], 8, 8); err == nil {
				name.WriteByte(byte(value))
				i += 3
				continue
			}
			fallthrough
		default:
			name.WriteByte(rest[0])
		}
	}
	return name.String()
}

// Parse reads one ACL as getfacl prints it or as setfacl --set takes it: entries on lines or between commas, in any
// order, long or short ("user:anna:rwx", "u:1001:7"), with comments from # to the end of the line. "#effective" is
// such a comment. The prefix "default:" or "d:" is taken off if all entries have it. A mask that is needed and
// missing becomes the union of the group class.
//
// What setfacl takes and Parse refuses, because the meaning is open to error: an entry without its first word
// ("1001:rw"), the same entry twice, X (it depends on a file), and numbers that are not plain decimal uids.
func Parse(text string, n Names) (ACL, error) {
	var a ACL
	defaults := 0
	for number, line := range strings.Split(text, "\n") {
		rest := trimLeft(line)
		for rest != "" && rest[0] != '#' {
			p, after, err := parseEntry(rest, n)
			if err != nil {
				return nil, fmt.Errorf("%w: line %d: %.80q: %w", ErrInvalid, number+1, rest, err)
			}
			if p.isDefault {
				defaults++
			}
			a = append(a, p.Entry)
			switch rest = trimLeft(after); {
			case rest == "" || rest[0] == '#':
			case rest[0] == ',':
				rest = trimLeft(rest[1:])
			default:
				return nil, fmt.Errorf("%w: line %d: %.80q: after %v comes neither a comma nor the end of the line",
					ErrInvalid, number+1, rest, p.Entry)
			}
		}
	}
	if defaults != 0 && defaults != len(a) {
		return nil, fmt.Errorf("%w: %d of %d entries are a default ACL's: these are two lists", ErrInvalid, defaults, len(a))
	}
	if a.needsMask() {
		a = append(a, Entry{Mask, Undefined, a.groupClass()})
	}
	return a.canonical()
}

// parsed is an entry as it stands in a text.
type parsed struct {
	Entry
	isDefault bool
}

// parseEntry reads the entry at the beginning of text and returns what follows it.
func parseEntry(text string, n Names) (p parsed, rest string, err error) {
	word, rest, found := cutField(text)
	if found && (word == "d" || word == "default") {
		p.isDefault = true
		word, rest, found = cutField(rest)
	}
	if !found {
		return p, "", errors.New("no permissions")
	}
	qualifier := ""
	switch word {
	case "u", "user", "g", "group":
		if qualifier, rest, found = cutField(rest); !found {
			return p, "", errors.New("no permissions")
		}
	case "m", "mask", "o", "other": // "mask::rwx", and setfacl takes "mask:rwx" too
		rest = strings.TrimPrefix(trimLeft(rest), ":")
	default:
		return p, "", errors.New("an entry begins with user, group, mask or other")
	}
	if p.Tag, p.ID, err = parsePrincipal(word, qualifier, n); err != nil {
		return p, "", err
	}
	rest = trimLeft(rest)
	end := strings.IndexAny(rest, ",# \t\r")
	if end < 0 {
		end = len(rest)
	}
	p.Perm, err = parsePerm(rest[:end])
	return p, rest[end:], err
}

func trimLeft(s string) string { return strings.TrimLeft(s, " \t\r") }

// cutField returns what stands before the next colon, without white space around it. A comma there ends the entry
// early: in names it is always escaped.
func cutField(text string) (field, rest string, found bool) {
	field, rest, found = strings.Cut(text, ":")
	return strings.Trim(field, " \t\r"), rest, found && !strings.Contains(field, ",")
}

func parsePrincipal(word, qualifier string, n Names) (Tag, uint32, error) {
	var tag Tag
	switch word[0] {
	case 'm':
		return Mask, Undefined, nil
	case 'o':
		return Other, Undefined, nil
	case 'u':
		if tag = User; qualifier == "" {
			return UserObj, Undefined, nil
		}
	case 'g':
		if tag = Group; qualifier == "" {
			return GroupObj, Undefined, nil
		}
	}
	id, err := parseID(tag, unquote(qualifier), n)
	return tag, id, err
}

// parseID takes numbers for IDs, whether or not somebody has them: entries of removed accounts stay.
func parseID(t Tag, name string, n Names) (uint32, error) {
	if readsAsNumber(name) {
		id, err := strconv.ParseUint(name, 10, 32)
		if err != nil || id == math.MaxUint32 || strconv.FormatUint(id, 10) != name {
			return 0, fmt.Errorf("%.80q is no decimal number from 0 to %d", name, uint32(math.MaxUint32-1))
		}
		return uint32(id), nil
	}
	if n != nil && !strings.ContainsRune(name, 0) {
		known := n.UserID
		if t == Group {
			known = n.GroupID
		}
		if id, ok := known(name); ok {
			return id, nil
		}
	}
	return 0, fmt.Errorf("no %v %.80q", t, name)
}

// parsePerm reads one octal digit, or the letters rwx in any order with hyphens between them.
func parsePerm(text string) (Perm, error) {
	if len(text) == 1 && '0' <= text[0] && text[0] <= '7' {
		return Perm(text[0] - '0'), nil
	}
	var p Perm
	for _, letter := range []byte(text) {
		var bit Perm
		switch letter {
		case 'r':
			bit = Read
		case 'w':
			bit = Write
		case 'x':
			bit = Execute
		case '-':
			continue
		case 'X':
			return 0, errors.New("permission X depends on a file: write x or -")
		default:
			return 0, fmt.Errorf("permissions %.80q are neither letters of rwx- nor a digit from 0 to 7", text)
		}
		if p&bit != 0 {
			return 0, fmt.Errorf("permissions %.80q say %c twice", text, letter)
		}
		p |= bit
	}
	if text == "" {
		return 0, errors.New("no permissions")
	}
	return p, nil
}
