//! Modules that no distribution brings on this system: those of Python and of others that are made for another one.

/// Modules by their first part, and where there are some.
const MODULES: [(&str, &str); 4] = [
    (
        "Windows",
        "_msi _overlapped _winapi _winreg comtypes msilib msvcrt nt pythoncom pythonwin pywintypes servicemanager \
         win32api win32clipboard win32com win32con win32console win32cred win32crypt win32event win32evtlog \
         win32evtlogutil win32file win32gui win32inet win32job win32net win32pdh win32pipe win32print win32process \
         win32profile win32security win32service win32serviceutil win32timezone win32ts win32ui winerror winreg \
         winsound winxpgui wmi",
    ),
    (
        "macOS",
        "AddressBook AppKit ApplicationServices AVFoundation Cocoa CoreFoundation CoreLocation CoreServices \
         CoreText CoreWLAN EventKit Foundation LaunchServices Metal PyObjCTools Quartz ScriptingBridge Security \
         SystemConfiguration UserNotifications WebKit _scproxy objc",
    ),
    ("Java", "java javax"),
    (
        "Python 2",
        "ConfigParser Cookie HTMLParser Queue StringIO Tkinter __builtin__ cPickle cStringIO commands cookielib \
         httplib thread urllib2 urlparse xmlrpclib",
    ),
];

/// Where alone a module is to be had, if not here.
pub(super) fn home(module: &str) -> Option<&'static str> {
    let top = module.split('.').next().unwrap_or(module);
    let has = |(_, names): &&(&str, &str)| names.split_whitespace().any(|name| name == top);
    MODULES.iter().find(has).map(|(system, _)| *system)
}
