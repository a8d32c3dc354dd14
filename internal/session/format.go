package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/layout"
)

// A field is one line of the file, KEY=VALUE. All of them must stand there, in this order, and nothing else: a value
// can then bring neither a line nor a key of its own.
type field struct {
	key string
	get func(*Record) string
	set func(*Record, string) bool // false: not a value of this field
}

var fields = []field{
	{"version", func(*Record) string { return "1" }, func(_ *Record, v string) bool { return v == "1" }},
	{"user", func(r *Record) string { return r.User }, func(r *Record, v string) bool { r.User = v; return ValidUser(v) }},
	{"uid", func(r *Record) string { return number(r.UID) }, func(r *Record, v string) bool {
		return setNumber(&r.UID, v) && r.UID >= layout.MinUID && r.UID != layout.NobodyUID && r.UID != noID
	}},
	{"gid", func(r *Record) string { return number(r.GID) }, func(r *Record, v string) bool {
		return setNumber(&r.GID, v) && r.GID != 0 && r.GID != noID
	}},
	{"groups", groupsText, setGroups},
	{"entry", func(r *Record) string { return r.Entry }, func(r *Record, v string) bool {
		r.Entry = v
		return v == "internal" || v == "external"
	}},
	{"address", func(r *Record) string { return r.Address }, func(r *Record, v string) bool {
		a, err := netip.ParseAddr(v)
		r.Address = v
		return err == nil && a.String() == v && a.Zone() == "" // an IPv6 zone may have any characters, line feeds too
	}},
	{"started", func(r *Record) string { return seconds(r.Started) }, func(r *Record, v string) bool { return setSeconds(&r.Started, v) }},
	{"refreshed", func(r *Record) string { return seconds(r.Refreshed) }, func(r *Record, v string) bool { return setSeconds(&r.Refreshed, v) }},
	{"idle", func(r *Record) string { return number(r.Idle / time.Second) }, func(r *Record, v string) bool { return setDuration(&r.Idle, v) }},
	{"absolute", func(r *Record) string { return number(r.Absolute / time.Second) }, func(r *Record, v string) bool { return setDuration(&r.Absolute, v) }},
	{"must_change", func(r *Record) string { return yes(r.MustChange) }, func(r *Record, v string) bool { return setYes(&r.MustChange, v) }},
	{"lacks", func(r *Record) string { return string(r.Lacks) }, func(r *Record, v string) bool {
		r.Lacks = Lack(v)
		return r.Lacks == LacksNothing || r.Lacks == LacksCode || r.Lacks == LacksEnrolment
	}},
	{"code", func(r *Record) string { return yes(r.Code) }, func(r *Record, v string) bool { return setYes(&r.Code, v) }},
	{"key", func(r *Record) string { return r.Key }, func(r *Record, v string) bool { r.Key = v; return isHex(v, 64) }},
	{"password", func(r *Record) string { return r.Password }, func(r *Record, v string) bool { r.Password = v; return isHex(v, 64) }},
	{"stamp", func(r *Record) string { return r.Stamp }, func(r *Record, v string) bool { r.Stamp = v; return isHex(v, 2*sha256.Size) }},
}

// noID is no uid or gid: setresuid(2) and setresgid(2) take it for "leave as it is".
const noID = ^uint32(0)

// Format returns the file's content, or an error that names the field that has no valid value.
func (r Record) Format() ([]byte, error) {
	var b strings.Builder
	for _, f := range fields {
		v := f.get(&r)
		if !f.set(&Record{}, v) {
			return nil, errors.New("session: no valid " + f.key)
		}
		b.WriteString(f.key + "=" + v + "\n")
	}
	if b.Len() > maxFileSize {
		return nil, errors.New("session: too many groups")
	}
	return []byte(b.String()), nil
}

// Parse is the reverse of Format; everything else is ErrDamaged.
func Parse(b []byte) (Record, error) {
	if len(b) > maxFileSize {
		return Record{}, ErrDamaged
	}
	var r Record
	rest := string(b)
	for _, f := range fields {
		line, after, found := strings.Cut(rest, "\n")
		v, isField := strings.CutPrefix(line, f.key+"=")
		if !found || !isField || !f.set(&r, v) || f.get(&r) != v {
			return Record{}, ErrDamaged
		}
		rest = after
	}
	if rest != "" {
		return Record{}, ErrDamaged
	}
	return r, nil
}

func number[T ~uint32 | ~int64](v T) string { return strconv.FormatInt(int64(v), 10) }

func setNumber(to *uint32, v string) bool {
	n, err := strconv.ParseUint(v, 10, 32)
	*to = uint32(n)
	return err == nil
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func setSeconds(to *time.Time, v string) bool {
	n, err := strconv.ParseInt(v, 10, 64)
	*to = time.Unix(n, 0)
	return err == nil && n > 0
}

func setDuration(to *time.Duration, v string) bool {
	var n uint32
	ok := setNumber(&n, v) && n > 0
	*to = time.Duration(n) * time.Second
	return ok
}

func groupsText(r *Record) string {
	texts := make([]string, len(r.Groups))
	for i, g := range r.Groups {
		texts[i] = number(g)
	}
	return strings.Join(texts, ",")
}

// setGroups refuses group 0: its rights are not meant for anybody's web session.
func setGroups(r *Record, v string) bool {
	r.Groups = nil
	for _, text := range strings.Split(v, ",") {
		var g uint32
		if !setNumber(&g, text) || g == 0 || g == noID {
			return false
		}
		r.Groups = append(r.Groups, g)
	}
	return true
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func setYes(to *bool, v string) bool {
	*to = v == "yes"
	return v == "yes" || v == "no"
}

// PasswordMark returns the value of Record.Password for an account's shadow field.
func PasswordMark(key, shadowField string) (string, error) {
	k, err := hex.DecodeString(key)
	if err != nil || len(k) != sha256.Size {
		return "", errors.New("session: bad key")
	}
	h := hmac.New(sha256.New, k)
	h.Write([]byte(shadowField))
	return hex.EncodeToString(h.Sum(nil)), nil
}
