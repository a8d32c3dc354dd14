// Refused tells the browser what the gate refused, as shzguest: the gate itself speaks no language. It ends with the
// gate's exit status, 100 + step.
package main

import (
	"net/http"
	"os"
	"strconv"

	"sharezone/internal/web"
)

func main() {
	code := web.Code(os.Getenv("SHZ_REFUSED"))
	web.Run(func(c *web.Call) error {
		if code == web.PasswordExpired && !c.JSON && c.Request.Method == http.MethodGet {
			return c.SeeOther("/cgi-bin/chpwd", 0, nil)
		}
		if allow := os.Getenv("SHZ_ALLOW"); allow != "" {
			c.Writer().Header().Set("Allow", allow) // RFC 9110, 15.5.6
		}
		return web.Refuse(code, "gate")
	})
	step, err := strconv.Atoi(os.Getenv("SHZ_STEP"))
	if err != nil {
		step = 0
	}
	os.Exit(100 + step)
}
