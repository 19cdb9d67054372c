package main

import (
	"regexp"
	"slices"
	"strings"
)

const ellipsis = "⋯"

var chapterTitle = regexp.MustCompile(`^([0-9]+)  \S`)

// pick returns the lines of the chapters that are wanted, of what is before the
// first one, and of what is after the last.
func pick(said, chapters string) []string {
	wanted := strings.Split(chapters, ",")
	var picked []string
	shown := true
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\n")
		title := chapterTitle.FindStringSubmatch(line)
		switch {
		case title != nil:
			show := chapters == "" || slices.Contains(wanted, title[1])
			if shown && !show {
				picked = append(picked, ellipsis, "")
			}
			shown = show
		case line == "What is left":
			shown = true
		}
		if shown {
			picked = append(picked, line)
		}
	}
	return picked
}

// said again and again, and no news.
var boilerplate = []string{
	"Refreshing state...",
	"Terraform used the selected providers", "OpenTofu used the selected providers",
	"plan. Resource actions are indicated",
	"  + create", "  ~ update in-place", "  - destroy",
	"will perform the following actions:",
	"with twcloud_oauth_consumer.doors,", "on main.tf line", ": resource \"twcloud_oauth_consumer\"",
}

// shorten leaves out what the CLI says every time.
func shorten(lines []string) []string {
	var short []string
	mark := " │ " + ellipsis
	for _, line := range lines {
		quoted, isQuote := strings.CutPrefix(line, " │")
		if !isQuote || !slices.ContainsFunc(boilerplate, func(words string) bool { return isBoilerplate(quoted, words) }) {
			short = append(short, line)
		} else if len(short) == 0 || short[len(short)-1] != mark {
			short = append(short, mark)
		}
	}
	return short
}

func isBoilerplate(line, words string) bool {
	if strings.HasPrefix(words, "  ") {
		return strings.TrimRight(line, " ") == " "+words
	}
	return strings.Contains(line, words)
}
