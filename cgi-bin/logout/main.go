// Logout ends the session that the request came with. Transfers under way are not cut.
package main

import (
	"net/http"

	"sharezone/internal/helper"
	"sharezone/internal/web"
)

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	act, err := c.Event.Begin("logout", "")
	if err != nil {
		return err
	}
	if _, err := helper.Auth(helper.AuthRequest{Op: "logout", Session: c.Session}); err != nil {
		act.End(string(web.CodeOf(err)), -1, "")
		return err
	}
	act.End("ok", -1, "")
	c.SetCookie(&http.Cookie{Name: "SESSION_ID", MaxAge: -1})
	return c.SeeOther("/", http.StatusOK, map[string]any{})
}
