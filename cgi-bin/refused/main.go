// Refused tells the browser what the gate refused, as shzguest: the gate itself speaks no language. It ends with the
// gate's exit status, 100 + step.
package main

import (
	"net/http"
	"os"
	"strconv"

	"sharezone/internal/web"
)

// ways lead on where something has to be done first.
var ways = map[web.Code]string{web.PasswordExpired: "/cgi-bin/chpwd", web.SecondFactor: "/cgi-bin/factor"}

func main() {
	code := web.Code(os.Getenv("SHZ_REFUSED"))
	web.Run(func(c *web.Call) error {
		if way := ways[code]; way != "" && !c.JSON && c.Request.Method == http.MethodGet {
			return c.SeeOther(web.Before(way, web.LocalPath(os.Getenv("REQUEST_URI")), false), 0, nil)
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
