package main

import "strings"

// The names of fields that forms and addresses may have stand beside each operation and each view, as web.CheckFields takes them. What else
// a request has refuses it: a misspelt "expires" would make a zone without an end.

// several are all that may come several times in a form.
func several() []string {
	var all []string
	for _, op := range operations() {
		for _, name := range strings.Fields(op.fields) {
			if field, many := strings.CutSuffix(name, "*"); many {
				all = append(all, field)
			}
		}
	}
	return all
}
