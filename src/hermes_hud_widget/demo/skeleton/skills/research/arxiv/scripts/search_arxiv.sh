#!/bin/sh
# Prints what arXiv finds: search_arxiv.sh "words" [how many]
curl --silent --get https://export.arxiv.org/api/query \
  --data-urlencode "search_query=all:$1" --data-urlencode "max_results=${2:-10}"
