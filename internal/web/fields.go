package web

import (
	"errors"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
)

// CheckFields refuses a request by the first field that it cannot have, or has twice. known are the names of those that it can have, with
// blanks between; a "*" after one says that it may come several times.
func CheckFields(known string, fields url.Values) error {
	most := make(map[string]int)
	for _, name := range strings.Fields(known) {
		field, many := strings.CutSuffix(name, "*")
		if most[field] = 1; many {
			most[field] = math.MaxInt
		}
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		switch {
		case most[field] == 0:
			return FieldError{Field: field, Reason: UnknownField, Known: strings.ReplaceAll(strings.Join(strings.Fields(known), ", "), "*", "")}
		case len(fields[field]) > most[field]:
			return FieldError{Field: field, Reason: FieldTwice}
		}
	}
	return nil
}

// CheckForm is CheckFields of a form, with what JSON has as null too, and of the address that it came to, which may have address beside
// EachAddress.
func (c *Call) CheckForm(known, address string, fields url.Values) error {
	named := maps.Clone(fields)
	for _, field := range c.Nulls() {
		named[field] = nil
	}
	return errors.Join(CheckFields(known, named), CheckFields(address+EachAddress, c.Request.URL.Query()))
}

// EachAddress are the fields that every page's address may have: the language, and what the page before has done.
const EachAddress = " lang done n"
