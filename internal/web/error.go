package web

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/helper"
	"sharezone/internal/hook"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// Code is an error code of the interface; scripts read it, people read its sentence.
type Code string

// The codes.
const (
	BadRequest      Code = "bad-request"
	NotLoggedIn     Code = "not-logged-in"
	NotPermitted    Code = "not-permitted"
	PasswordExpired Code = "password-expired"
	SecondFactor    Code = "second-factor"
	NotFound        Code = "not-found"
	Method          Code = "method"
	Exists          Code = "exists"
	Conflict        Code = "conflict"
	Precondition    Code = "precondition"
	TooLarge        Code = "too-large"
	Unsupported     Code = "unsupported"
	RangeNot        Code = "range"
	Locked          Code = "locked"
	Internal        Code = "internal"
	Busy            Code = "busy"
	NoSpace         Code = "no-space"
	Quota           Code = "quota"
	Checksum        Code = "checksum"
	Rejected        Code = "rejected"
)

var statuses = map[Code]int{
	BadRequest: 400, NotLoggedIn: 401, NotPermitted: 403, PasswordExpired: 403, SecondFactor: 403, NotFound: 404, Method: 405,
	Exists: 409, Conflict: 409, Precondition: 412, TooLarge: 413, Unsupported: 415, RangeNot: 416, Locked: 423,
	Internal: 500, Busy: 503, NoSpace: 507, Quota: 507,
	Checksum: 460, // of the protocol tus
	Rejected: 422,
}

// Status is the HTTP status of a code.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return 500
}

// Error is a refusal with a code, and the reason for the log. The reason never reaches the browser.
type Error struct {
	Code Code
	Err  error
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Told is an error for which a component has a sentence of its own, in the user's language, in place of the code's.
type Told struct {
	Err      error
	Sentence string
}

func (e *Told) Error() string { return e.Err.Error() }
func (e *Told) Unwrap() error { return e.Err }

// FieldError refuses a request because of one of its fields, which is named.
type FieldError struct {
	Field  string
	Reason FieldReason
	Known  string // of an unknown one those that there are, of a wrong one its values
}

// FieldReason is a key of the catalogue below "field".
type FieldReason string

// The reasons.
const (
	NoField      FieldReason = "missing"
	WrongField   FieldReason = "wrong"
	UnknownField FieldReason = "unknown"
	FieldTwice   FieldReason = "twice"
	NoText       FieldReason = "no-text" // JSON with another kind of value
)

func (e FieldError) Error() string {
	return "field " + strconv.Quote(e.Field) + ": " + string(e.Reason)
}

func (e FieldError) sentence(l text.Language) string {
	switch {
	case e.Known != "" && e.Reason == WrongField:
		return l.Say("field.choice", text.Name(e.Field), e.Known)
	case e.Known != "":
		return l.Say("field.unknown", text.Name(e.Field), e.Known)
	}
	return l.Say("field."+string(e.Reason), text.Name(e.Field))
}

// WrongValue refuses the value of a field, or that there is none. known are those that it can have, none where they cannot be listed.
func WrongValue[T ~string](field, value string, known ...T) error {
	if value == "" {
		return FieldError{Field: field, Reason: NoField}
	}
	e := FieldError{Field: field, Reason: WrongField}
	for i, k := range known {
		if i > 0 {
			e.Known += ", "
		}
		e.Known += string(k)
	}
	return e
}

// Refuse makes an Error from a code and a reason in words.
func Refuse(code Code, reason string) error { return &Error{code, errors.New(reason)} }

// fieldOf is the field of a form for which an error refuses it, "" where it is none's.
func fieldOf(err error) string {
	var value zone.ValueError
	var refused *helper.ZoneRefusal
	var account *helper.AccountRefusal
	var field FieldError
	switch {
	case errors.As(err, &field):
		return field.Field
	case errors.As(err, &value):
		return strings.TrimPrefix(value.Attr, "user.shz.")
	case errors.As(err, new(*zone.ExpiryError)), errors.Is(err, zone.ErrPast):
		return "expires"
	case errors.Is(err, zone.ErrName), errors.Is(err, zone.ErrExists):
		return "name"
	case errors.As(err, &refused) && refused.Code == string(Exists):
		return "name"
	case errors.As(err, &refused):
		switch refused.Reason {
		case "value":
			return strings.TrimPrefix(refused.Attr, "user.shz.")
		case "too-late", "past":
			return "expires"
		case "name", "name-taken":
			return "name"
		}
	case errors.As(err, &account):
		switch {
		case account.Reason == "field", account.Reason == "zone-by-invitation", account.Reason == "own-password":
			return account.Field
		case account.Reason == "user": // there is one of this name
			return "username"
		}
	}
	return ""
}

// CodeOf is the one place where an answer of the kernel, of a helper or of a package becomes a code.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	var z *helper.ZoneRefusal
	if errors.As(err, &z) {
		return Code(z.Code)
	}
	var a *helper.AccountRefusal
	if errors.As(err, &a) {
		return Code(a.Code)
	}
	if errors.As(err, new(FieldError)) {
		return BadRequest
	}
	for _, row := range codes {
		if errors.Is(err, row.err) {
			return row.code
		}
	}
	return Internal
}

// codes is read from the top: errors.Is(EACCES, fs.ErrPermission) is true as well.
var codes = []struct {
	err  error
	code Code
}{
	{zone.ErrPath, BadRequest},
	{helper.Refusal("refused"), NotPermitted},
	{helper.Refusal("weak"), BadRequest},
	{helper.Refusal("busy"), Busy},
	{helper.Refusal("no-space"), NoSpace},
	{zone.ErrNewName, BadRequest},
	{zone.ErrReserved, NotFound},
	{zone.ErrKind, NotPermitted},
	{zone.ErrInside, Conflict},
	{zone.ErrUnsteady, Conflict},
	{zone.ErrStrange, NotPermitted},
	{zone.ErrTrashTaken, Conflict},
	{zone.ErrNoTrash, Conflict},
	{zone.ErrMoved, Conflict},
	{zone.ErrChanged, Precondition},
	{io.ErrUnexpectedEOF, BadRequest}, // the client went away in the middle of its body
	{context.DeadlineExceeded, Busy},
	{zone.ErrHeld, Locked},
	{hook.ErrRefused, Rejected},
	{hook.ErrSlow, Busy},
	{hook.ErrUndecided, Busy},
	{unix.ENOENT, NotFound},
	{unix.ENOTDIR, NotFound},
	{unix.EACCES, NotPermitted},
	{unix.EPERM, NotPermitted},
	{unix.ELOOP, NotPermitted}, // a symbolic link on the way
	{unix.EXDEV, NotPermitted}, // out of the zone
	{unix.ENXIO, NotPermitted}, // a socket, a FIFO
	{unix.EEXIST, Exists},
	{unix.ENOTEMPTY, Conflict},
	{unix.EISDIR, Conflict},
	{unix.ESTALE, Conflict},
	{unix.EMLINK, Conflict},
	{unix.ENAMETOOLONG, BadRequest},
	{unix.EFBIG, TooLarge},
	{unix.EROFS, Locked},
	{unix.ETXTBSY, Locked},
	{unix.EAGAIN, Busy}, // a lease
	{unix.EBUSY, Busy},
	{unix.EMFILE, Busy},
	{unix.ENFILE, Busy},
	{unix.ENOMEM, Busy},
	{unix.ENOSPC, NoSpace},
	{unix.EDQUOT, Quota},
	{fs.ErrNotExist, NotFound},
}
