module sharezone

go 1.26.0

require (
	github.com/BurntSushi/toml v1.6.0
	github.com/a-h/templ v0.3.977
	github.com/boombuler/barcode v1.1.0
	github.com/klauspost/compress v1.20.3
	github.com/msteinert/pam/v2 v2.1.0
	github.com/pkg/xattr v0.4.12
	github.com/robfig/cron/v3 v3.0.1
	github.com/wneessen/go-mail v0.8.1
	golang.org/x/image v0.47.0
	golang.org/x/sys v0.49.0
	golang.org/x/text v0.43.0
)

require (
	golang.org/x/crypto v0.54.0 // indirect
)
