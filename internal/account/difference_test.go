package account

import "testing"

// TestDifferences: the record of a change names each field that changed, and nobody's value passes for another one.
func TestDifferences(t *testing.T) {
	text := func(s string) *string { return &s }
	before := User{FullName: text("Ada"), Email: text("a@example.org"), Roles: []Role{RoleBase, RoleManager}, Expires: text("2099-12-31")}
	after := User{FullName: text(`Eva", role="base"->"admin`), Email: text("a@example.org"), Roles: []Role{RoleBase}, Mobile: text("+39 333"), Sponsor: text("anna")}
	if got := Differences(before, after); got != `full_name="Ada"->"Eva\", role=\"base\"->\"admin", mobile=""->"+39 333", role="manager"->"base", expires="2099-12-31"->"", sponsor=""->"anna"` {
		t.Error(got)
	}
	if got := Differences(after, after); got != "" {
		t.Error(got)
	}
}
