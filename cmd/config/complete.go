package config

import (
	"github.com/spf13/cobra"

	"github.com/wxlogin/wxlogin/internal/app"
	"github.com/wxlogin/wxlogin/internal/config"
)

// Completion reads the configuration files and nothing else. Where they cannot be read, the keys are still known.

type completion func(c *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

// completeKey offers the keys, and those of the profiles, as the first argument.
func completeKey(a *app.App) completion {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return keyNames(a), cobra.ShellCompDirectiveNoFileComp
	}
}

func keyNames(a *app.App) []string {
	var names []string
	for _, k := range config.Keys() {
		names = append(names, cobra.CompletionWithDesc(k.Name, k.Help.In(a.IO.Lang)))
	}
	c, err := a.Config()
	if err != nil {
		return names
	}
	for _, profile := range c.Profiles() {
		for _, k := range config.Keys() {
			full := profilePrefix + profile + "." + k.Name
			if _, err := c.Get(full); err == nil { // a profile holds some of the keys only
				names = append(names, cobra.CompletionWithDesc(full, k.Help.In(a.IO.Lang)))
			}
		}
	}
	return names
}

// completeSetting offers keys, then values of the key: its few words, the profiles, or the references that a secret may be.
func completeSetting(a *app.App) completion {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) == 0:
			return keyNames(a), cobra.ShellCompDirectiveNoFileComp
		case len(args) > 1:
			return nil, cobra.ShellCompDirectiveNoFileComp
		case isSecret(args[0]):
			return references(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		}
		switch args[0] {
		case "lang":
			return []string{"zh", "en"}, cobra.ShellCompDirectiveNoFileComp
		case "output":
			return []string{"text", "json", "ndjson"}, cobra.ShellCompDirectiveNoFileComp
		case "store":
			return []string{"memory", "sqlite:", "redis://", "rediss://"}, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		case "profile":
			return profiles(a), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// references are how a secret's place begins.
func references() []string { return []string{"env:", "file:", "cmd:", "keyring"} }

func completeReference(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return references(), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func completeProfile(a *app.App) completion {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return profiles(a), cobra.ShellCompDirectiveNoFileComp
	}
}

func profiles(a *app.App) []string {
	c, err := a.Config()
	if err != nil {
		return nil
	}
	return c.Profiles()
}
