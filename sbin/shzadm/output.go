package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// printJSON writes the same object that HTTP would give.
func (c *call) printJSON(object any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(object); err != nil {
		return err
	}
	c.told = true
	return c.print(b.String())
}

// printError writes an error in the form that HTTP has, for who asked for JSON and was told nothing else; a person reads it on
// standard error.
func (c *call) printError(code, message string) {
	if code == "refused" { // as events say it, for which HTTP has no word
		code = "conflict"
	}
	if c.json && !c.told {
		c.printJSON(map[string]any{"error": map[string]string{"code": code, "message": message}})
	}
}

func (c *call) print(text string) error {
	if _, err := c.out.Write([]byte(text)); err != nil {
		return fmt.Errorf("stdout: %w", err)
	}
	return nil
}

// printRows writes rows in aligned columns under a heading; every cell is escaped.
func (c *call) printRows(heading string, rows [][]string) error {
	var b bytes.Buffer
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(strings.Fields(c.say.line(heading)), "\t"))
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
			if row[i] == "" {
				row[i] = "-"
			}
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	table.Flush()
	return c.print(trimLines(b.String()))
}

// printFields writes one object, a line per field; heading has the names of the fields in the same order.
func (c *call) printFields(heading string, values ...string) error {
	var b bytes.Buffer
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, label := range strings.Split(c.say.line(heading), "|") {
		value := printable(values[i])
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(table, "%s:\t%s\n", label, value)
	}
	table.Flush()
	return c.print(trimLines(b.String()))
}

func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// printable escapes what would do something to a terminal or to the reader's eye: control characters, line separators,
// marks that turn the direction of writing, and bytes that are not UTF-8.
func printable(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case r == '\n':
			b.WriteString(`\n`)
		case r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		text = text[size:]
	}
	return b.String()
}

// text of what may be absent.
func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}
