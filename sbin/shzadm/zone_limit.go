package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/btrfs"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// units of sizes, as btrfs(8) and df(1) write them: 1K is 1024 bytes.
const units = "KMGT"

// parseLimit reads the option --limit; empty means none.
func parseLimit(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	digits, factor := text, int64(1)
	if last := strings.IndexByte(units, text[len(text)-1]); last >= 0 {
		digits, factor = text[:len(text)-1], 1<<(10*(last+1))
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n > math.MaxInt64/uint64(factor) || int64(n)*factor < zone.LeastLimit {
		return nil, &account.FieldError{Field: "limit", Reason: account.BadForm}
	}
	limit := int64(n) * factor
	return &limit, nil
}

// formatSize writes a size in the largest unit in which it is whole; nil is "".
func formatSize(size *int64) string {
	if size == nil {
		return ""
	}
	n, unit := *size, ""
	for i := 0; i < len(units) && n != 0 && n%1024 == 0; i++ {
		n, unit = n/1024, units[i:i+1]
	}
	return strconv.FormatInt(n, 10) + unit
}

// limitProblem says in words why zones can have no limits.
func limitProblem(err error, say texts) string {
	switch {
	case errors.Is(err, btrfs.ErrNoQuotas):
		return say.line("limits-no-quotas", layout.Base)
	case errors.Is(err, btrfs.ErrOther):
		return say.line("limits-other", layout.Base)
	case errors.Is(err, unix.ENOENT):
		return say.line("limits-no-program")
	}
	return err.Error()
}

// limitsNote says whether zones can have limits here. Both are right; an administrator wants to know.
func (c *call) limitsNote() (supported bool, line string) {
	admin, err := zoneAdmin()
	if err != nil {
		return false, ""
	}
	defer admin.Close()
	if err := admin.CheckLimits(); err != nil {
		return false, c.say.line("doctor-no-limits", limitProblem(err, c.say))
	}
	return true, c.say.line("doctor-limits")
}

// problemCodes are those of a zone, for a row.
func problemCodes(z zone.Details) string {
	codes := make([]string, len(z.Problems))
	for i, p := range z.Problems {
		codes[i] = string(p)
	}
	return strings.Join(codes, ",")
}

// problemLines say them in words.
func (c *call) problemLines(z zone.Details) string {
	var b strings.Builder
	for _, p := range z.Problems {
		fmt.Fprintf(&b, "%s: %s\n", p, c.say.line("problem-"+string(p)))
	}
	return b.String()
}
