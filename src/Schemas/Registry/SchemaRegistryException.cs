namespace FlowPipe.Schemas.Registry;

/// <summary>What went wrong with a registry, as far as a caller has to tell it apart.</summary>
public enum RegistryFault
{
    /// <summary>No address answered, or only with errors of its own: it may be back later.</summary>
    Unreachable,

    /// <summary>It wants other credentials or rights.</summary>
    Unauthorized,

    /// <summary>It has no such subject, version or schema.</summary>
    NotFound,

    /// <summary>The schema does not fit those before it.</summary>
    Incompatible,

    /// <summary>It does not accept the request, or its answer makes no sense.</summary>
    Refused,

    /// <summary>A setting of ours is wrong, such as a certificate that can't be read.</summary>
    Settings,
}

/// <summary>A registry did not do what it was asked to; the message says which one, what and why, without secrets.</summary>
public sealed class SchemaRegistryException : Exception
{
    /// <param name="fault">What kind.</param>
    /// <param name="message">What to tell the user.</param>
    /// <param name="inner">What it came from.</param>
    public SchemaRegistryException(RegistryFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>What kind.</summary>
    public RegistryFault Fault { get; }
}
