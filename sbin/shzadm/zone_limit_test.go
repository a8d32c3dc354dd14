package main

import "testing"

func TestLimits(t *testing.T) {
	for text, want := range map[string]int64{"1M": 1 << 20, "1024K": 1 << 20, "20G": 20 << 30, "1048576": 1 << 20, "8388607T": 8388607 << 40, "1048577": 1048577} {
		if got, err := parseLimit(text); err != nil || *got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if got, err := parseLimit(""); got != nil || err != nil {
		t.Errorf("none: %v, %v", got, err)
	}
	for _, text := range []string{"0", "1023K", "1048575", "M", "-1G", "+1G", "1.5G", "1g", "1GB", "1 G", "8388608T", "9223372036854775808", "99999999999999999999", "none", "0x100000"} {
		if got, err := parseLimit(text); err == nil {
			t.Errorf("%s: %d", text, *got)
		}
	}
	for size, want := range map[int64]string{0: "0", 1: "1", 1 << 20: "1M", 1536 << 10: "1536K", 20 << 30: "20G", 1 << 50: "1024T", 1048577: "1048577"} {
		if got := formatSize(&size); got != want {
			t.Errorf("%d: %s", size, got)
		}
	}
	if formatSize(nil) != "" {
		t.Error("no limit")
	}
}
