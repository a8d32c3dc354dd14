package test

import (
	"strings"
	"testing"
)

// TestPeopleFields: a field that there is not refuses a request about people, oneself or sessions by its name, in a form, in JSON, where it is null
// and in the address, and nothing happens.
func TestPeopleFields(t *testing.T) {
	canSignUp(t, "")
	clearUsers(t, "us-typo")
	const object = "Content-Type: application/json"
	const create = "op=create&username=us-typo&full_name=T&email=t%40example.org"
	for _, user := range []string{"anna", "admin"} { // who logs in later is a change
		jar(t, user)
	}
	before := accounts(t)
	for field, args := range map[string][]string{
		"expire":    {"-d", create + "&expire=2099-01-01", usersPage},
		"rol":       {"-H", object, "-d", `{"op":"create","username":"us-typo","full_name":"T","email":"t@example.org","rol":"manager"}`, usersPage},
		"expired":   {"-H", object, "-d", `{"op":"create","username":"us-typo","full_name":"T","email":"t@example.org","expired":null}`, usersPage},
		"expires":   {"-d", create, usersPage + "?expires=2099-01-01"},
		"full_name": {"-d", "op=lock&username=bruno&full_name=zzz", usersPage},
		"phon":      {"-d", "op=modify&username=bruno&phon=1", usersPage},
		"search":    {usersPage + "?search=bruno"},
		"shown":     {usersPage + "/bruno?shown=edit"},
		"mail":      {"-d", "username=bruno&mail=1", "/cgi-bin/resetpwd"},
		"often":     {"-d", "op=modify&language=it&often=daily", "/cgi-bin/profile"},
		"text":      {"/cgi-bin/profile?text=x"},
		"username":  {"-d", "op=end&id=0123456789ab&username=bruno", "/cgi-bin/sessions"},
		"every":     {"/cgi-bin/sessions?every=1"},
		"password":  {"-d", "old=x&new=Neue-Wege-2031&confirm=Neue-Wege-2031&password=y", "/cgi-bin/chpwd"},
		"for":       {"/cgi-bin/chpwd?for=anna"},
		"code":      {"-H", object, "-d", `{"op":"begin","password":"x","code":null}`, "/cgi-bin/factor"},
		"user":      {"/cgi-bin/factor?user=anna"},
		"surname":   {"-d", "full_name=T&surname=T&email=us-typo%40example.org", signupPage},
		"username_": {"-d", "token=x&username_=y", signupPage + "?confirm=1"},
		"mailto":    {"-d", "username=bruno&mailto=x", forgotPage},
		"pass":      {"-d", "user=bruno&token=x&new=y&confirm=y&pass=z", forgotPage},
	} {
		args = append([]string{"-H", "Accept-Language: en"}, args...)
		if a := jsonAs(t, "admin", args...); a.status != 400 || a.code() != "bad-request" || !strings.Contains(a.body, "There is no field "+field+" here") {
			t.Errorf("%s: %d %s", field, a.status, a.body)
		}
		if a := curlAs(t, "admin", args...); a.status != 400 || !strings.Contains(a.body, "There is no field") {
			t.Errorf("%s, page: %d", field, a.status)
		}
	}
	if accounts(t) != before {
		t.Error("something happened")
	}
}

// TestPeopleBlanks: blanks at the ends of what describes somebody are taken off, by the page, JSON and shzadm; what is blanks alone is empty.
func TestPeopleBlanks(t *testing.T) {
	needDemo(t)
	clearUsers(t, "us-page", "us-json", "us-shell")
	if a := curlAs(t, "admin", "--data-urlencode", "username= us-page ", "--data-urlencode", "full_name= Ada ", "--data-urlencode", "email= a@example.org ", "--data-urlencode", "company= Neri ", "-d", "op=create&expires=", usersPage); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := jsonAs(t, "admin", "-H", "Content-Type: application/json", "-d", `{"op":"create","username":"us-json","full_name":" Ada ","email":" a@example.org ","company":" Neri "}`, usersPage); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	run(t, "shzadm", "user", "add", "us-shell", "--role", "base", "--full-name", " Ada ", "--email", " a@example.org ", "--company", " Neri ")
	gecos := func(user string) string { return strings.Split(run(t, "getent", "passwd", user), ":")[4] }
	for _, user := range []string{"us-page", "us-json", "us-shell"} {
		if got := gecos(user); got != "Ada,Neri,,,a@example.org" {
			t.Errorf("%s: %q", user, got)
		}
	}
	if a := jsonAs(t, "admin", "--data-urlencode", "full_name= Eva ", "--data-urlencode", "company=  ", "-d", "op=modify&username=us-json", usersPage); a.status != 200 || gecos("us-json") != "Eva,,,,a@example.org" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if run(t, "shzadm", "user", "modify", "us-shell", "--full-name", " Eva ", "--company", " "); gecos("us-shell") != "Eva,,,,a@example.org" {
		t.Error(gecos("us-shell"))
	}
	if a := jsonAs(t, "admin", "--data-urlencode", "full_name= ", "-d", "op=modify&username=us-json", usersPage); a.status != 400 || gecos("us-json") != "Eva,,,,a@example.org" {
		t.Errorf("no name: %d %s", a.status, a.body)
	}
	if out, status := shzadm(t, "user", "modify", "us-shell", "--full-name", " "); status != 1 || gecos("us-shell") != "Eva,,,,a@example.org" {
		t.Errorf("no name: %d %s", status, out)
	}
}

// TestPeopleValues: what is wrong with a value is said in words, with the name of its field and the values that there are.
func TestPeopleValues(t *testing.T) {
	needDemo(t)
	jar(t, "admin")
	before := accounts(t)
	for says, args := range map[string][]string{
		"missing in the request: op": {"-d", "username=bruno", usersPage}, "field op has a value that it cannot have. It is one of: create, create-group,": {"-d", "op=no&username=bruno", usersPage},
		"The field member has a value that it cannot have. It is one of: 1, 0": {"-d", "op=member&username=bruno&group=shz-x&member=2", usersPage},
		"The request says nothing that would change":                           {"-d", "op=modify&username=bruno", usersPage},
		"is no day that can be":                                                {"-d", "op=modify&username=bruno&expires=2027-02-30", usersPage}, "is none of: base, manager, admin": {"-d", "op=modify&username=bruno&role=chief", usersPage},
		"is not the user name of somebody else": {"-d", "op=modify&username=bruno&sponsor=bruno", usersPage}, "It is one of: active, locked, expired": {usersPage + "?status=x"},
		"The field view has a value that it cannot have. It is one of: groups, new, signups": {usersPage + "?view=x"}, "It is one of: edit, delete, factor": {usersPage + "/bruno?view=x"},
		"not valid here: limit": {usersPage + "?text=a&limit=-1"}, "It is one of: address, address-cancel, messages, modify, notices": {"-d", "op=x", "/cgi-bin/profile"},
		"field language has a value that it cannot have. It is one of: it, en": {"-d", "op=modify&language=fr", "/cgi-bin/profile"},
		"field often has a value that it cannot have":                          {"-d", "op=messages&often=x", "/cgi-bin/profile"}, "missing in the request: password": {"-d", "op=address&email=a%40example.org", "/cgi-bin/profile"},
		"the site sends no short messages": {"-d", "op=messages&often=now&channel=sms", "/cgi-bin/profile"}, "It is one of: begin, confirm, codes, off": {"-d", "op=x", "/cgi-bin/factor"},
		"field op has a value that it cannot have. It is one of: end": {"-d", "op=x", "/cgi-bin/sessions"}, "not valid here: id": {"-d", "op=end&id=x", "/cgi-bin/sessions"},
		"missing in the request: username": {"-d", "username=", resetPage},
	} {
		if a := jsonAs(t, "admin", append([]string{"-H", "Accept-Language: en"}, args...)...); a.status != 400 || a.code() != "bad-request" || !strings.Contains(strings.ReplaceAll(a.body, `\"`, `"`), says) {
			t.Errorf("%s: %d %s", says, a.status, a.body)
		}
	}
	if accounts(t) != before {
		t.Error("something happened")
	}
}
