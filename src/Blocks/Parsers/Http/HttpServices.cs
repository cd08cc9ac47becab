using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http;

/// <summary>Services on top of HTTP that are known by the path of their requests: Windows' certificate services and remote management.</summary>
internal static class HttpServices
{
    public static void AddProtocol(Session session, ReadOnlySpan<byte> path)
    {
        if (Lines.StartsWith(path, "/certsrv/mscep"u8))
            session.AddProtocol("adcs-ndes"u8);
        else if (IsEnrollmentPage(path))
            session.AddProtocol("adcs-web"u8);
        else if (Lines.StartsWith(path, "/ADPolicyProvider_CEP_"u8))
            session.AddProtocol("adcs-cep"u8);
        else if (Lines.StartsWith(path, "/EnrollmentServer/"u8) || path.IndexOf("_CES_"u8) >= 0)
            session.AddProtocol("adcs-ces"u8);
        else if (Lines.StartsWith(path, "/wsman"u8) && (path.Length == "/wsman".Length || path["/wsman".Length] == '/'))
            session.AddProtocol("winrm"u8);
    }

    /// <summary>The start page, or one of those whose names all begin alike (certfnsh.asp, certnew.cer); not what only tries the folder out.</summary>
    private static bool IsEnrollmentPage(ReadOnlySpan<byte> path) =>
        Lines.StartsWith(path, "/certsrv/cert"u8)
        || (Lines.StartsWith(path, "/certsrv/"u8) && (path.Length == "/certsrv/".Length || path["/certsrv/".Length] == '?'));
}
