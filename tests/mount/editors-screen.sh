#!/usr/bin/env bash
# Editors that want a terminal, with a person at the keys: see editors.sh for what is asked of each.
. "$(dirname "$0")/saving.sh"

# nvimwith OPTIONS: one line more, saved
nvimwith() { need nvim && onscreen "nvim -u NONE -i NONE -c 'set directory=. $1' -c 'normal Gosend PDF' -c wq '$T'"; }
neovim_saves() { fresh && nvimwith "" && updated "$more"; }
neovim_without_settings_of_ours() { fresh && need nvim && onscreen "nvim -u NONE -i NONE -c 'normal Gosend PDF' -c wq '$T'" && updated "$more"; }
neovim_bkc_yes() { fresh && nvimwith "bkc=yes" && updated "$more"; }
neovim_bkc_no() { fresh && nvimwith "bkc=no" && updated "$more"; }
neovim_keeps_a_backup_beside() { fresh && nvimwith "backup backupdir=." && updated "$more" "Call Bob.txt~" && is backup "$(tail -1 "$T~")" "He asked."; }
neovim_undofile_beside() { fresh && nvimwith "undofile undodir=." && updated "$more" ".Call Bob.txt.un~"; }
neovim_two_saves_are_two_updates_without_a_warning() {
  fresh && need nvim && onscreen "nvim -u NONE -i NONE -c 'normal Goone' -c w -c 'normal Gotwo' -c wq '$T'" && saves 2 &&
    is text "$(tail -2 "$T")" $'one\ntwo' && ! grep -q "changed since" "$work/screen"
}

typed='["Gosend PDF\x1b", ":x\r"]'
vim_typed_and_left_by_x() { fresh && need vim && pty "$typed" vim -u NONE -i NONE -N "$T" && updated "$more"; }
vim_typed_and_left_by_zz() { fresh && need vim && pty '["Gosend PDF\x1b", "ZZ"]' vim -u NONE -i NONE -N "$T" && updated "$more"; }
vim_patchmode_keeps_the_first() { fresh && need vim && pty "$typed" vim -u NONE -i NONE -N -c 'set patchmode=.orig' "$T" && updated "$more" "Call Bob.txt.orig"; }
vim_in_a_second_window_sees_the_swap_file() {
  fresh && need vim || return
  pty '["Goone\x1b", ":w\r", ":!vim -u NONE -i NONE -N -c q %:S\r", "q", "\r", ":q!\r"]' vim -u NONE -i NONE -N "$T"
  grep -q ATTENTION "$work/screen" && saves 1 && is ls "$(ls -A open)" $'Bystander.txt\nCall Bob.txt'
}
vim_writes_another_name_as_another_task() {
  fresh && need vim && onscreen "vim -u NONE -i NONE -N -c 'w open/Call\\ Eve.txt' -c 'saveas open/Call\\ Joe.txt' -c q '$T'"
  is tasks "$(sql 'select count(*) from task')" $((n + 2)) && is inode "$(ino "$T")" "$was" && is titles "$(sed -n 's/^Title: //p' open/*.txt)" $'Bystander\nCall Bob\nCall Eve\nCall Joe'
}

emacs_typed_with_lock_and_backup() { fresh && need emacs && pty '["\x1b>", "send PDF\r", "\x18\x13", "\x18\x03"]' emacs -Q -nw "$T" && updated "$more" "Call Bob.txt~"; }
emacs_shows_its_lock_while_it_edits() {
  fresh && need emacs || return
  pty '["\x1b>", "send PDF\r", "\x1b!readlink .#*\r", "\x18\x13", "\x18\x03"]' emacs -Q -nw "$T"
  updated "$more" "Call Bob.txt~" && grep -qE '[a-z]+@[^ ]*[.][0-9]+' "$work/screen"
}
micro_saves() { fresh && need micro && pty '["\x1b[1;5F", "send PDF\r", "\x13", "\x11"]' micro "$T" && updated "$more"; }
joe_saves() { fresh && need joe && pty '["\x0bv", "send PDF\r", "\x0bx"]' joe "$T" && updated "$more" "Call Bob.txt~"; }
joe_without_backup() { fresh && need joe && pty '["\x0bv", "send PDF\r", "\x0bx"]' joe -nobackups "$T" && updated "$more"; }
mg_saves() { fresh && need mg && pty '["\x1b>", "send PDF\r", "\x18\x13", "\x18\x03"]' mg -n "$T" && updated "$more"; }
mg_with_backup() { fresh && need mg && pty '["\x1b>", "send PDF\r", "\x18\x13", "\x18\x03"]' mg "$T" && updated "$more" "Call Bob.txt~"; }
nano_two_saves() {
  fresh && need nano && pty '["\x1b/", "one", "\x13", "\rtwo", "\x13", "\x18"]' nano --ignorercfiles "$T" && saves 2 && is text "$(tail -2 "$T")" $'one\ntwo'
}

run_stories "$0"
