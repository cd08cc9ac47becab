using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Adb;

/// <summary>Handles of the fields of Android's debug bridge.</summary>
internal sealed class AdbFields(IRegistrar registrar)
{
    public SpiField Version { get; } = registrar.Field("adb.version");
    public SpiField Serial { get; } = registrar.Field("adb.serial");
    public SpiField SystemType { get; } = registrar.Field("adb.systemtype");
    public SpiField Command { get; } = registrar.Field("adb.command");
    public SpiField Service { get; } = registrar.Field("adb.service");
    public SpiField MaxPayload { get; } = registrar.Field("adb.maxpayload");
    public SpiField AuthType { get; } = registrar.Field("adb.authtype");
    public SpiField StreamId { get; } = registrar.Field("adb.streamid");
    public SpiField SyncOperation { get; } = registrar.Field("adb.sync.operation");
    public SpiField SyncPath { get; } = registrar.Field("adb.sync.path");
    public SpiField ExitCode { get; } = registrar.Field("adb.shell.exitcode");
    public SpiField ForwardLocal { get; } = registrar.Field("adb.forward.local");
    public SpiField ForwardRemote { get; } = registrar.Field("adb.forward.remote");
    public SpiField ForwardDirection { get; } = registrar.Field("adb.forward.direction");
}
