package web

import "sharezone/internal/config"

// Settings are the administrator's. They are read when a component first asks: many requests never do. A file that is
// refused is an internal error: its line goes to the log, and the user can do nothing about it.
func (c *Call) Settings() (config.Settings, error) {
	if c.settings == nil {
		s, err := config.Read()
		if err != nil {
			return s, err
		}
		c.settings = &s
	}
	return *c.settings, nil
}
