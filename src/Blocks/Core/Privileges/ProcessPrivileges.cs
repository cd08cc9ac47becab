using System.Runtime.InteropServices;

namespace FlowPipe.Core.Privileges;

/// <summary>
/// Gives up what only the opening of interfaces needed. Packets come from strangers: what reads them should be able to do nothing else.
/// </summary>
public static class ProcessPrivileges
{
    private const uint PrivateFiles = 0x17; // octal 027: files are made 0640, folders 0750
    private const int UserIdAt = 16; // struct passwd: name, password, user, group
    private const int UserGroupAt = 20;
    private const int GroupIdAt = 16; // struct group: name, password, group

    /// <summary>From here on files are made readable for owner and group alone.</summary>
    public static void KeepFilesPrivate() => _ = NativeProcess.SetFileMask(PrivateFiles);

    /// <summary>Becomes who the settings say, and checks that nothing else is left.</summary>
    /// <returns>Who it is now, in words that go on a sentence.</returns>
    /// <exception cref="FlowPipeException">It can't be done, or nobody has said that it need not be.</exception>
    public static string Drop(PrivilegeSettings settings)
    {
        bool isRoot = NativeProcess.EffectiveUser() == 0;
        if (settings.DropUser.Length == 0 && settings.DropGroup.Length == 0)
        {
            if (!isRoot)
                return "";
            if (settings.AllowRoot)
                return ", as root";
            throw new FlowPipeException(
                "a capture does not go on as root: say who it is to become with capture.dropUser, or set capture.allowRoot to true"
            )
            {
                IsWrongUsage = true,
            };
        }
        if (settings.DropUser.Length == 0)
            throw new FlowPipeException("capture.dropGroup is set and capture.dropUser is not: say who the capture is to become")
            {
                IsWrongUsage = true,
            };
        (uint user, uint group) = Find(settings);
        if (!isRoot)
            throw new FlowPipeException(
                $"capture.dropUser is {settings.DropUser}, but only root can become somebody else: start as root, or leave it out"
            );
        if (user == 0)
            throw new FlowPipeException(
                $"capture.dropUser is {settings.DropUser}, who is root: name another, or set capture.allowRoot to true"
            );
        // The last of these gives up all capabilities, too: they go when a process stops being root (capabilities(7)).
        Check(NativeProcess.SetGroups(0, 0), "its groups can't be given up");
        Check(NativeProcess.SetGroup(group, group, group), $"it can't become group {group}");
        Check(NativeProcess.SetUser(user, user, user), $"it can't become user {settings.DropUser}");
        NoNewPrivileges();
        foreach (ThreadRights rights in ThreadRights.OfAll())
        {
            if (rights.Surplus(user, group) is { } surplus)
                throw new FlowPipeException($"privileges could not be dropped: a thread still has {surplus}; nothing was read");
        }
        return $", as {settings.DropUser}, all privileges given up";
    }

    private static (uint User, uint Group) Find(PrivilegeSettings settings)
    {
        nint user = NativeProcess.UserByName(settings.DropUser);
        if (user == 0)
            throw new FlowPipeException($"capture.dropUser is {settings.DropUser}, but there is no such user") { IsWrongUsage = true };
        uint id = (uint)Marshal.ReadInt32(user, UserIdAt);
        uint group = (uint)Marshal.ReadInt32(user, UserGroupAt);
        if (settings.DropGroup.Length == 0)
            return (id, group);
        nint named = NativeProcess.GroupByName(settings.DropGroup);
        return named == 0
            ? throw new FlowPipeException($"capture.dropGroup is {settings.DropGroup}, but there is no such group") { IsWrongUsage = true }
            : (id, (uint)Marshal.ReadInt32(named, GroupIdAt));
    }

    /// <summary>
    /// No program that this process starts gets more than it has itself. The kernel has this for the calling thread alone; but a seccomp filter that is
    /// laid on all threads brings it to all of them (seccomp(2), SECCOMP_FILTER_FLAG_TSYNC). This one allows everything.
    /// </summary>
    private static void NoNewPrivileges()
    {
        const nint setModeFilter = 1;
        const nuint allThreads = 1;
        const long allow = 0x7FFF_0000L << 32 | 0x06; // return SECCOMP_RET_ALLOW
        Check(NativeProcess.Control(NativeProcess.SetNoNewPrivileges, 1, 0, 0, 0), "no-new-privileges can't be set");
        nint filter = Marshal.AllocHGlobal(sizeof(long));
        nint program = Marshal.AllocHGlobal(2 * sizeof(long)); // struct sock_fprog: length, where the instructions are
        Marshal.WriteInt64(filter, allow);
        Marshal.WriteInt64(program, 1);
        Marshal.WriteIntPtr(program, sizeof(long), filter);
        nint seccomp = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 277 : 317;
        nint result = NativeProcess.Call(seccomp, (nuint)setModeFilter, allThreads, program);
        Marshal.FreeHGlobal(program);
        Marshal.FreeHGlobal(filter);
        Check((int)result, "no-new-privileges can't be set for all threads");
    }

    private static void Check(int result, string what)
    {
        if (result != 0)
            throw new FlowPipeException(
                $"privileges could not be dropped: {what} ({Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}); nothing was read"
            );
    }
}
