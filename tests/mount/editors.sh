#!/usr/bin/env bash
# Every tool's way to save a file: one edit is one update of the same task, with the same inode, and leaves nothing behind.
. "$(dirname "$0")/saving.sh"

# vimwith OPTIONS [COMMANDS]: one line more, saved
vimwith() {
  need vim && onscreen "vim -u NONE -i NONE -N -c 'set $1' -c 'normal Gosend PDF' ${2:-} -c wq '$T'"
}
vim_bkc_auto() { fresh && vimwith "bkc=auto" && updated $'He asked.\nsend PDF'; }
vim_bkc_auto_without_swap() { fresh && vimwith "bkc=auto noswapfile" && updated $'He asked.\nsend PDF'; }
vim_bkc_yes() { fresh && vimwith "bkc=yes" && updated $'He asked.\nsend PDF'; }
vim_bkc_no() { fresh && vimwith "bkc=no" && updated $'He asked.\nsend PDF'; }
vim_nowritebackup() { fresh && vimwith "nowb nobackup" && updated $'He asked.\nsend PDF'; }
vim_keeps_a_backup_beside() { fresh && vimwith "bkc=no backup" && updated $'He asked.\nsend PDF' "Call Bob.txt~" && is backup "$(tail -1 "$T~")" "He asked."; }
vim_keeps_a_copied_backup_beside() { fresh && vimwith "bkc=yes backup" && updated $'He asked.\nsend PDF' "Call Bob.txt~"; }
vim_undofile_beside() { fresh && vimwith "undofile" && updated $'He asked.\nsend PDF' ".Call Bob.txt.un~"; }
vim_undodir() { fresh && vimwith "undofile undodir=$work/undo" && updated $'He asked.\nsend PDF'; }
vim_saves_the_same_text() { fresh && need vim && onscreen "vim -u NONE -i NONE -N -c wq '$T'" && untouched; }
vim_reads_alone() { fresh && need vim && onscreen "vim -u NONE -i NONE -N -c q '$T'" && untouched; }
vim_two_saves_are_two_updates_without_a_warning() {
  fresh && need vim || return
  onscreen "vim -u NONE -i NONE -N -c 'normal Goone' -c w -c 'normal Gotwo' -c wq '$T'"
  is edits "$(sql "select count(*) from feed where seq > $feed and fields <> 0")" 2 && is text "$(tail -2 "$T")" $'one\ntwo' && is inode "$(ino "$T")" "$was" &&
    ! grep -q "changed since" "$work/screen"
}
vim_after_a_title_edit_goes_on_with_the_same_task() {
  fresh && need vim || return
  onscreen "vim -u NONE -i NONE -N -c '%s/Title: Call Bob/Title: Call Alice/' -c w -c 'sleep 300m' -c 'normal Gosend PDF' -c wq '$T'"
  is ls "$(ls -A open)" $'Bystander.txt\nCall Alice.txt' && is inode "$(ino "open/Call Alice.txt")" "$was" && is tasks "$(sql 'select count(*) from task')" "$n" &&
    is details "$(sql "select details from body where task = $((was >> 6))")" $'He asked.\nsend PDF'
}
vim_a_new_task() {
  fresh && need vim || return
  onscreen "vim -u NONE -i NONE -N -c 'normal iwants a demo' -c wq 'open/Call Eve.txt'"
  is tasks "$(sql 'select count(*) from task')" $((n + 1)) && is row "$(sql "select title || details from task join body on body.task = task.id order by id desc limit 1")" "Call Evewants a demo" &&
    is ls "$(ls -A open)" $'Bystander.txt\nCall Bob.txt\nCall Eve.txt'
}
badline() {
  fresh && need vim || return
  onscreen "vim -u NONE -i NONE -N -c 'set bkc=$1' -c '%s/Due: .*/Due: whenever/' -c 'silent! w' -c 'q!' '$T'"
  is draft "$(grep -c '^Due: whenever' "$T")" 1 && is errors "$(grep -c '^open/Call Bob.txt:3: ' .remindfs/errors)" 1 && is due "$(sql "select due from task where id = $((was >> 6))")" 2026-09-03 || return 1
  onscreen "vim -u NONE -i NONE -N -c 'set bkc=$1' -c '%s/Due: .*/Due: 2026-09-03/' -c 'normal Gosend PDF' -c wq '$T'"
  is errors "$(cat .remindfs/errors)" "" && updated $'He asked.\nsend PDF'
}

vim_bad_line_bkc_auto() { badline auto; }
vim_bad_line_bkc_no() { badline no; }
vim_mends_a_bad_line_in_the_same_session() {
  fresh && need vim || return
  onscreen "vim -u NONE -i NONE -N -c '%s/Due: .*/Due: whenever/' -c 'silent! w' -c 'silent %s/Due: .*/Due: 2026-09-03/' -c 'normal Gosend PDF' -c 'silent! w!' -c 'q!' '$T'"
  is errors "$(cat .remindfs/errors)" "" && updated $'He asked.\nsend PDF'
}
# vim moves a backup back by way of "123" where both names are one inode for it; on a busy machine they could be.
# A close() waits for the kernel to know, but for 50 ms at most (AWAIT_MS in fs/notify.c): one that took as long says nothing.
what_was_moved_away_is_another_file_when_the_save_is_over() {
  fresh && python3 - "$T" <<'PY'
import os, subprocess, sys, time
T = sys.argv[1]
text = open(T).read()
busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
same = 0
for i in range(300):
    os.rename(T, T + "~")
    fd = os.open(T, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    os.write(fd, (text + "%d\n" % i).encode())
    began = time.monotonic()
    os.close(fd)
    waited = time.monotonic() - began
    same += os.stat(T).st_ino == os.stat(T + "~").st_ino and waited < 0.05
    os.unlink(T + "~")
for b in busy: b.kill()
if same: print("# one inode %d times in 300" % same)
sys.exit(same > 0)
PY
}
nano_saves() { fresh && need nano && pty '["\x1b/", "send PDF\r", "\x0f", "\r", "\x18"]' nano --ignorercfiles "$T" && updated $'He asked.\nsend PDF'; }
nano_with_backup_and_lock() { fresh && need nano && pty '["\x1b/", "send PDF\r", "\x0f", "\r", "\x18"]' nano --ignorercfiles -B -G "$T" && updated $'He asked.\nsend PDF' "Call Bob.txt~"; }
ed_saves() { fresh && need ed && printf '$a\nsend PDF\n.\nw\nq\n' | ed -s "$T" && updated $'He asked.\nsend PDF'; }

emacswith() { need emacs && emacs -Q --batch --eval "(setq create-lockfiles t)" "$@" >"$work/screen" 2>&1; }
add="(progn (goto-char (point-max)) (insert \"send PDF\n\") (save-buffer))"
emacs_saves() { fresh && emacswith "$T" --eval "$add" && updated $'He asked.\nsend PDF' "Call Bob.txt~"; }
emacs_backup_by_copying() { fresh && emacswith --eval "(setq backup-by-copying t)" "$T" --eval "$add" && updated $'He asked.\nsend PDF' "Call Bob.txt~"; }
emacs_without_backup() { fresh && emacswith --eval "(setq make-backup-files nil)" "$T" --eval "$add" && updated $'He asked.\nsend PDF'; }
emacs_numbered_backups() { fresh && emacswith --eval "(setq version-control t)" "$T" --eval "$add" && updated $'He asked.\nsend PDF' "Call Bob.txt.~1~"; }
emacs_autosave_and_a_second_save() {
  fresh && emacswith "$T" --eval "(progn (auto-save-mode 1) (goto-char (point-max)) (insert \"one\n\") (do-auto-save) (save-buffer) (insert \"two\n\") (save-buffer))" || return 1
  is edits "$(sql "select count(*) from feed where seq > $feed and fields <> 0")" 2 && is text "$(tail -2 "$T")" $'one\ntwo' && is inode "$(ino "$T")" "$was" &&
    is ls "$(ls -A open)" $'Bystander.txt\nCall Bob.txt\nCall Bob.txt~'
}
emacs_precious_saves_by_rename() { fresh && emacswith --eval "(setq file-precious-flag t)" "$T" --eval "$add" && updated $'He asked.\nsend PDF' "Call Bob.txt~"; }

sed_i() { fresh && sed -i 's/^He asked\.$/He asked.\nsend PDF/' "$T" && updated $'He asked.\nsend PDF'; }
sed_i_with_backup() { fresh && sed -i.bak 's/^He asked\.$/He asked.\nsend PDF/' "$T" && updated $'He asked.\nsend PDF' "Call Bob.txt.bak"; }
sed_i_on_a_view_changes_the_task_alone() {
  fresh && mv "$T" today/ && eventually test -L "today/Call Bob.txt" && sed -i --follow-symlinks 's/^He asked\.$/send PDF/' "today/Call Bob.txt" && is inode "$(ino "$T")" "$was" && [ -L "today/Call Bob.txt" ] &&
    is text "$(tail -1 "$T")" "send PDF" && is tasks "$(sql 'select count(*) from task')" "$n"
}
perl_i() { fresh && need perl && perl -i -pe 's/^He asked\.$/He asked.\nsend PDF/' "$T" && updated $'He asked.\nsend PDF'; }
perl_i_with_backup() { fresh && need perl && perl -i.bak -pe 's/^He asked\.$/He asked.\nsend PDF/' "$T" && updated $'He asked.\nsend PDF' "Call Bob.txt.bak"; }
shell_redirection() { fresh && printf '%s\n' "$new" >"$T" && updated $'He asked.\nsend PDF'; }
shell_redirection_in_pieces() { fresh && while read -r line; do echo "$line"; done <<<"$new" >"$T" && updated $'He asked.\nsend PDF'; }
shell_append() { fresh && echo "send PDF" >>"$T" && updated $'He asked.\nsend PDF'; }
tee_over() { fresh && tee "$T" <<<"$new" >/dev/null && updated $'He asked.\nsend PDF'; }
tee_append() { fresh && tee -a "$T" <<<"send PDF" >/dev/null && updated $'He asked.\nsend PDF'; }
dd_over() { fresh && dd of="$T" bs=8 status=none <<<"$new" && updated $'He asked.\nsend PDF'; }
cp_over() { fresh && echo "$new" >"$work/new" && cp "$work/new" "$T" && updated $'He asked.\nsend PDF'; }
cp_preserve_over() { fresh && echo "$new" >"$work/new" && cp -p "$work/new" "$T" && updated $'He asked.\nsend PDF'; }
cp_remove_destination() { fresh && echo "$new" >"$work/new" && cp --remove-destination "$work/new" "$T" && updated $'He asked.\nsend PDF'; }
mv_from_another_filesystem() { fresh && echo "$new" >"$work/new" && mv -f "$work/new" "$T" && updated $'He asked.\nsend PDF'; }
install_over() { fresh && echo "$new" >"$work/new" && install -m 644 "$work/new" "$T" && updated $'He asked.\nsend PDF'; }
tar_x() { fresh && mkdir -p "$work/t/open" && echo "$new" >"$work/t/$T" && tar -C "$work/t" -cf "$work/t.tar" open && tar --no-overwrite-dir -xf "$work/t.tar" && updated $'He asked.\nsend PDF'; }
rsync_over() { fresh && need rsync && echo "$new" >"$work/Call Bob.txt" && rsync -a "$work/Call Bob.txt" open/ && updated $'He asked.\nsend PDF'; }
rsync_inplace() { fresh && need rsync && echo "$new" >"$work/Call Bob.txt" && rsync -a --inplace "$work/Call Bob.txt" open/ && updated $'He asked.\nsend PDF'; }
rsync_again_changes_nothing() {
  fresh && need rsync && cp "$T" "$work/Call Bob.txt" && rsync -a "$work/Call Bob.txt" open/ && rsync -a --checksum "$work/Call Bob.txt" open/ && untouched
}
patch_over() {
  fresh && need patch || return
  cp "$T" "$work/a" && echo "$new" >"$work/b"
  diff -u "$work/a" "$work/b" | patch -s "$T" && updated $'He asked.\nsend PDF'
}
python_atomic_write() {
  fresh && python3 -c "
import os, sys, tempfile
fd, tmp = tempfile.mkstemp(dir='open', prefix='tmp')
os.write(fd, (sys.argv[1] + '\n').encode()); os.fsync(fd); os.close(fd); os.replace(tmp, '$T')" "$new" && updated $'He asked.\nsend PDF'
}
glib_style_write() {
  fresh && python3 -c "
import os, sys
tmp = 'open/.goutputstream-A1B2C3'
fd = os.open(tmp, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
os.write(fd, (sys.argv[1] + '\n').encode()); os.fchmod(fd, 0o644); os.fsync(fd); os.rename(tmp, '$T'); os.close(fd)" "$new" && updated $'He asked.\nsend PDF'
}
grep_and_find_change_nothing() {
  fresh && grep -rq asked . && find . -type f -newer .remindfs/README >/dev/null && tar -cf /dev/null . 2>/dev/null && untouched
}

run_stories "$0"
