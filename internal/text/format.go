package text

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// noBreak joins a number and its unit, so that a line never ends between them.
const noBreak = "\u00a0"

// Date writes a day as the server's clock has it: 22/11/2026, 22 Nov 2026.
func (l Language) Date(t time.Time) string {
	return t.Local().Format(l.dateLayout())
}

// Time writes a moment as the server's clock has it: 22/11/2026 14:03, 22 Nov 2026 14:03.
func (l Language) Time(t time.Time) string {
	return t.Local().Format(l.dateLayout() + " 15:04")
}

// Day writes a day that belongs to no time zone, given as 2026-11-22, the form of a zone's expiry. What has another
// form is returned as a name is shown.
func (l Language) Day(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return Name(day)
	}
	return t.Format(l.dateLayout())
}

func (l Language) dateLayout() string {
	if l == English {
		return "2 Jan 2006"
	}
	return "02/01/2006"
}

// Number writes a whole number in groups of three: 1.234.567, 1,234,567.
func (l Language) Number(n int64) string {
	separator := "."
	if l == English {
		separator = ","
	}
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), separator)
}

// Size writes a number of bytes in decimal units, as disks and phones count: 1,5 MB, 1.5 MB. Below ten units one
// decimal is shown, from ten on none.
func (l Language) Size(bytes int64) string {
	if bytes < 1000 {
		return l.Count("size.bytes", int(bytes))
	}
	value, unit := float64(bytes), 0
	units := []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	for value /= 1000; value >= 999.5 && unit < len(units)-1; value /= 1000 {
		unit++ // 999,999 bytes are 1.0 MB, not 1000 kB
	}
	if value >= 9.95 {
		return l.Number(int64(value+0.5)) + noBreak + units[unit]
	}
	written := fmt.Sprintf("%.1f", value)
	if l != English {
		written = strings.Replace(written, ".", ",", 1)
	}
	return written + noBreak + units[unit]
}
