// Menu lists the functions of the user who is logged in, for scripts and for browsers that show it by itself.
package main

import (
	"net/http"

	"sharezone/internal/web"
)

func main() { web.Run(answer) }

// function is one item as JSON.
type function struct {
	Name  string `json:"name"` // of the component
	Label string `json:"label"`
	Href  string `json:"href"`
}

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	items := c.Menu()
	functions := make([]function, len(items))
	for i, item := range items {
		functions[i] = function{item.Name, item.Label, string(item.Href)}
	}
	object := map[string]any{"functions": functions}
	return c.Answer(http.StatusOK, object, menuPage(c.View(c.Language.Say("menu.title")), items))
}
