package web

// Weak says why PAM did not take a password, in words where we know its own.
func (c *Call) Weak(why string, limit int) string {
	l := c.Language
	switch {
	case !l.Knows("chpwd-weak." + why):
		return l.Say("chpwd.weak")
	case limit > 0:
		return l.Say("chpwd-weak."+why, l.Number(int64(limit)))
	}
	return l.Say("chpwd-weak." + why)
}
