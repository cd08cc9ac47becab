using FlowPipe.Schemas.Registry;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>A registry's faults as a user is told them.</summary>
internal static class RegistryFaults
{
    /// <summary>A client for these settings.</summary>
    /// <exception cref="FlowPipeException">A file that they name can't be read.</exception>
    public static SchemaRegistryClient Open(RegistrySettings settings)
    {
        try
        {
            return new SchemaRegistryClient(settings);
        }
        catch (SchemaRegistryException e)
        {
            throw ToUser(e);
        }
    }

    public static FlowPipeException ToUser(SchemaRegistryException e) =>
        new(e.Message, e) { IsWrongUsage = e.Fault == RegistryFault.Settings };
}
