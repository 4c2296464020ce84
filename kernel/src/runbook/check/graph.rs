//! The order of steps within a section: who needs whom, and where that goes in a circle.

/// `needs[i]` are the steps that step `i` waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    pub(super) needs: Vec<Vec<usize>>,
}

impl Order {
    /// Whether `earlier` has always ended before `later` starts.
    pub(super) fn is_before(&self, earlier: usize, later: usize) -> bool {
        let mut seen = vec![false; self.needs.len()];
        let mut open = vec![later];
        while let Some(step) = open.pop() {
            for &need in self.needs.get(step).into_iter().flatten() {
                if need == earlier {
                    return true;
                }
                if let Some(seen) = seen.get_mut(need)
                    && !*seen
                {
                    *seen = true;
                    open.push(need);
                }
            }
        }
        false
    }

    /// The circles, each once, beginning with its first step.
    pub(super) fn circles(&self) -> Vec<Vec<usize>> {
        let stuck = self.stuck();
        let mut visited = vec![false; self.needs.len()];
        let mut circles = Vec::new();
        for start in 0..self.needs.len() {
            let mut walk: Vec<usize> = Vec::new();
            let mut at = Some(start).filter(|step| stuck[*step]);
            while let Some(step) = at {
                if let Some(first) = walk.iter().position(|other| *other == step) {
                    let mut circle = walk.split_off(first);
                    let lowest = circle
                        .iter()
                        .enumerate()
                        .min_by_key(|(_, step)| **step)
                        .map_or(0, |(i, _)| i);
                    circle.rotate_left(lowest);
                    circles.push(circle);
                    break;
                }
                if visited[step] {
                    break;
                }
                visited[step] = true;
                walk.push(step);
                at = self.needs[step]
                    .iter()
                    .copied()
                    .find(|need| stuck.get(*need) == Some(&true));
            }
        }
        circles
    }

    /// Steps that could never start.
    fn stuck(&self) -> Vec<bool> {
        let mut waiting: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut followers: Vec<Vec<usize>> = vec![Vec::new(); self.needs.len()];
        for (step, needs) in self.needs.iter().enumerate() {
            for &need in needs {
                followers[need].push(step);
            }
        }
        let mut ready: Vec<usize> = (0..waiting.len()).filter(|step| waiting[*step] == 0).collect();
        while let Some(step) = ready.pop() {
            for &follower in &followers[step] {
                waiting[follower] -= 1;
                if waiting[follower] == 0 {
                    ready.push(follower);
                }
            }
        }
        waiting.iter().map(|left| *left > 0).collect()
    }
}
