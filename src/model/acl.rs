//! POSIX access lists as the kernel gives them in an extended attribute: a version, then entries of eight bytes each
//! (`linux/posix_acl_xattr.h`).

/// How long the version at the beginning is.
const HEADER: usize = 4;
/// How long an entry is: tag, permissions, id.
const ENTRY: usize = 8;
/// Where its id begins.
const ID: usize = 4;
/// The tag of an entry for a user who is named.
const USER: u16 = 0x02;
/// The tag of an entry for a group that is named.
const GROUP: u16 = 0x08;

/// What the kernel shows for an id that the namespace of the reader does not know.
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// Whose an id is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    User,
    Group,
}

/// Whether an attribute is such a list.
pub(crate) fn is_list(name: &[u8]) -> bool {
    name == b"system.posix_acl_access" || name == b"system.posix_acl_default"
}

/// The users and groups that a list names.
pub(crate) fn ids(list: &[u8]) -> impl Iterator<Item = (Whose, u32)> {
    entries(list).map(|(whose, at)| {
        let bytes = [list[at], list[at + 1], list[at + 2], list[at + 3]];
        (whose, u32::from_le_bytes(bytes))
    })
}

/// The same list with other ids.
pub(crate) fn with_ids(list: &[u8], to: impl Fn(Whose, u32) -> u32) -> Vec<u8> {
    let mut new = list.to_vec();
    for ((whose, id), (_, at)) in ids(list).zip(entries(list)) {
        new[at..at + 4].copy_from_slice(&to(whose, id).to_le_bytes());
    }
    new
}

/// Where the ids stand of entries that name somebody.
fn entries(list: &[u8]) -> impl Iterator<Item = (Whose, usize)> {
    let whole = list.get(HEADER..).unwrap_or_default().chunks_exact(ENTRY);
    whole.enumerate().filter_map(|(number, entry)| {
        let whose = match u16::from_le_bytes([entry[0], entry[1]]) {
            USER => Whose::User,
            GROUP => Whose::Group,
            _ => return None,
        };
        Some((whose, HEADER + number * ENTRY + ID))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_those_who_are_named_are_read_and_replaced_and_nothing_else() {
        let entry = |tag: u16, id: u32| {
            [
                &tag.to_le_bytes()[..],
                &6_u16.to_le_bytes(),
                &id.to_le_bytes(),
            ]
            .concat()
        };
        let list = |user: u32| {
            let entries = [
                entry(1, UNKNOWN),
                entry(USER, user),
                entry(GROUP, 7),
                entry(0x20, UNKNOWN),
            ];
            [vec![2, 0, 0, 0], entries.concat()].concat()
        };
        let found: Vec<_> = ids(&list(1234)).collect();
        assert_eq!(found, [(Whose::User, 1234), (Whose::Group, 7)]);
        let other = with_ids(&list(1234), |whose, id| match whose {
            Whose::User => 5,
            Whose::Group => id,
        });
        assert_eq!(other, list(5));
        for torn in 0..list(1).len() {
            assert_eq!(with_ids(&list(1)[..torn], |_, id| id), list(1)[..torn]);
        }
    }
}
