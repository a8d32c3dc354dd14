package account

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Difference says how a field of somebody changed, for the record of the act: email="a@example.org"->"b@example.org". Quotes and what
// cannot be seen are escaped as in Go, so nobody's value passes for another field.
func Difference(field, before, after string) string {
	return field + "=" + strconv.Quote(before) + "->" + strconv.Quote(after)
}

// Differences are those of all fields that changed of what describes somebody, "" of none. Before is the zero User for a new account.
func Differences(before, after User) string {
	var all []string
	for _, f := range []struct {
		name          string
		before, after *string
	}{
		{"full_name", before.FullName, after.FullName}, {"company", before.Company, after.Company}, {"email", before.Email, after.Email},
		{"phone", before.Phone, after.Phone}, {"mobile", before.Mobile, after.Mobile}, {"role", roleOf(before), roleOf(after)},
		{"expires", before.Expires, after.Expires}, {"language", before.Language, after.Language},
		{"channel", (*string)(before.Channel), (*string)(after.Channel)}, {"sponsor", before.Sponsor, after.Sponsor},
	} {
		if was, is := *cmp.Or(f.before, new(string)), *cmp.Or(f.after, new(string)); was != is {
			all = append(all, Difference(f.name, was, is))
		}
	}
	return strings.Join(all, ", ")
}

// roleOf is the highest one, nil of who has none.
func roleOf(u User) *string {
	for _, r := range slices.Backward(u.Roles) {
		return (*string)(&r)
	}
	return nil
}
