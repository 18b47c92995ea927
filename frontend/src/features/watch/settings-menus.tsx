/** What is chosen from a menu in the player: speed and quality. */
import { t } from "@lingui/core/macro";
import { Gauge, Settings2 } from "lucide-react";
import { IconButton } from "@/ui/button";
import { Menu, MenuItem } from "@/ui/menu";
import type { Playback } from "./use-playback";

interface Props {
  speed: number;
  speeds: readonly number[];
  onSpeed: (speed: number) => void;
  playback: Playback;
  /** Where the menus are drawn. */
  container: Element | null;
  onClose: () => void;
}

export function SettingsMenus({ speed, speeds, onSpeed, playback, container, onClose }: Props) {
  return (
    <>
      <Menu
        aria-label={t`Speed`}
        container={container}
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[String(speed)]}
        onSelectionChange={(chosen) => onSpeed(Number([...chosen][0]))}
        onClose={onClose}
        trigger={<IconButton icon={Gauge} label={t`Speed: ${speed}×`} look="overlay" size="small" />}
      >
        {speeds.map((each) => (
          <MenuItem key={each} id={String(each)}>
            {each === 1 ? t`Normal` : `${each}×`}
          </MenuItem>
        ))}
      </Menu>
      {playback.qualities.length > 2 && (
        <Menu
          aria-label={t`Quality`}
          container={container}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[String(playback.quality)]}
          onSelectionChange={(chosen) => playback.setQuality(Number([...chosen][0]))}
          onClose={onClose}
          trigger={
            <IconButton
              icon={Settings2}
              label={t`Quality: ${playback.playingHeight ? `${playback.playingHeight}p` : t`auto`}`}
              look="overlay"
              size="small"
            />
          }
        >
          {playback.qualities.map(({ level, label }) => (
            <MenuItem key={level} id={String(level)}>
              {label}
            </MenuItem>
          ))}
        </Menu>
      )}
    </>
  );
}
